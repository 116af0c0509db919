//! The HTML that a person sees while letting an app in.
//!
//! Text only: which page is shown when is decided in `http/authorize.rs`.
//!
//! Rule: everything that came from outside goes through [`escape`].

/// Stands before and after every page.
fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         </head>\n<body>\n<main>\n<p class=\"brand\">fake-dropbox</p>\n{body}\n</main>\n</body>\n</html>\n"
    )
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;background:#f7f5f2;color:#1e1919;margin:0}\
main{max-width:26rem;margin:4rem auto;padding:2rem;background:#fff;border-radius:8px}\
.brand{font-weight:600;color:#0061fe}label{display:block;margin:.75rem 0 .25rem}\
input{width:100%;box-sizing:border-box;padding:.5rem;font:inherit}\
button{padding:.5rem 1.25rem;margin:1rem .5rem 0 0;font:inherit;cursor:pointer}\
.primary{background:#0061fe;color:#fff;border:0}.error{color:#9b0032}";

/// Escapes text for HTML, inside and outside of quotes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Asks for e-mail and password; `action` is where the form goes, with the query of the app.
pub fn sign_in(action: &str, failed: bool) -> String {
    let problem = if failed { "<p class=\"error\" role=\"alert\">Invalid email or password</p>" } else { "" };
    let action = escape(action);
    page(
        "Sign in",
        &format!(
            "<h1>Sign in</h1>\n{problem}\n<form method=\"post\" action=\"{action}\">\n\
             <input type=\"hidden\" name=\"step\" value=\"sign_in\">\n\
             <label for=\"email\">Email</label>\n\
             <input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"username\" autofocus required>\n\
             <label for=\"password\">Password</label>\n\
             <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required>\n\
             <button id=\"sign-in\" class=\"primary\" type=\"submit\">Sign in</button>\n</form>"
        ),
    )
}

/// Asks whether the app may have what it wants.
pub fn consent(action: &str, app_key: &str, email: &str, scopes: &[String], form_token: &str) -> String {
    let (action, app_key, email, form_token) =
        (escape(action), escape(app_key), escape(email), escape(form_token));
    let scopes: String = scopes.iter().map(|scope| format!("<li>{}</li>\n", escape(scope))).collect();
    page(
        "API request authorization",
        &format!(
            "<h1>{app_key} would like access</h1>\n<p>Signed in as {email}. The app will be able to use:</p>\n\
             <ul>\n{scopes}</ul>\n<form method=\"post\" action=\"{action}\">\n\
             <input type=\"hidden\" name=\"step\" value=\"decide\">\n\
             <input type=\"hidden\" name=\"t\" value=\"{form_token}\">\n\
             <button id=\"allow\" class=\"primary\" type=\"submit\" name=\"decision\" value=\"allow\">Allow</button>\n\
             <button id=\"deny\" type=\"submit\" name=\"decision\" value=\"deny\">Deny</button>\n</form>"
        ),
    )
}

/// Shows the code to a person who will paste it into the app.
pub fn paste_this_code(code: &str) -> String {
    let code = escape(code);
    page(
        "Access code generated",
        &format!(
            "<h1>Access code generated</h1>\n<p>Enter this code into the app to finish the process.</p>\n\
             <input id=\"auth-code\" data-token=\"{code}\" value=\"{code}\" readonly>"
        ),
    )
}

/// Says that the app was not let in, where there is no address to go back to.
pub fn denied() -> String {
    page(
        "Access denied",
        "<h1>Access denied</h1>\n<p>The app was not connected. You can close this page.</p>",
    )
}

/// Says why the app's request cannot be shown; goes with status 400.
pub fn refused(reason: &str) -> String {
    let reason = escape(reason);
    page(
        "Error",
        &format!(
            "<h1>Error (400)</h1>\n<p class=\"error\">It seems the app you were using submitted a bad request. If you would like to report this error to the app's developer, include the information below.</p>\n<h2>More details for developers</h2>\n<p id=\"error\">{reason}</p>"
        ),
    )
}

/// Shows what is behind a shared link.
pub fn shared(title: &str, text: &str, list: &[String]) -> String {
    let names: String = list.iter().map(|name| format!("<li>{}</li>\n", escape(name))).collect();
    page(title, &format!("<h1>{}</h1>\n<p>{}</p>\n<ul>\n{names}</ul>", escape(title), escape(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_outside_cannot_become_markup() {
        let evil = "\"><script>alert('x')</script>&";
        for text in [
            sign_in(evil, true),
            consent(evil, evil, evil, &[evil.into()], evil),
            paste_this_code(evil),
            refused(evil),
            shared(evil, evil, &[evil.into()]),
        ] {
            assert!(!text.contains("<script>"), "{text}");
            assert!(
                text.contains("&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;"),
                "{text}"
            );
        }
    }
}
