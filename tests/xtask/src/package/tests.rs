//! What is packed is judged as it lies in the repository; nothing is built for that.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use resvg::usvg::roxmltree::{Document, Node};
use serde_json::Value;

use super::{
    contents::{self, FIXED_APP, FIXED_COMMAND, FOLDER},
    deb::{Control, newest_c_library},
    root::Root,
};

const ID: &str = "org.lockstep.Lockstep";
const PROGRAM: &str = "lockstep-app";

/// The repository; tests run in the folder of their crate.
fn repository() -> PathBuf {
    PathBuf::from("../..")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn packed(name: &str) -> String {
    text(&format!("{FOLDER}/{name}"))
}

fn config() -> Value {
    serde_json::from_str(&text("src-tauri/tauri.conf.json")).expect("JSON")
}

/// Groups of keys, as desktop files and units have them. A key may come more than once.
fn groups(text: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let mut groups = BTreeMap::<String, Vec<_>>::new();
    let mut group = None;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            assert!(!groups.contains_key(name), "[{name}] comes twice");
            groups.insert(name.to_owned(), Vec::new());
            group = Some(name.to_owned());
        } else {
            let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("no key: {line}"));
            let keys = group.as_ref().and_then(|name| groups.get_mut(name));
            keys.expect("a key belongs to a group").push((key.to_owned(), value.to_owned()));
        }
    }
    groups
}

/// The one value of a key.
fn value<'a>(keys: &'a [(String, String)], wanted: &str) -> &'a str {
    let values: Vec<_> = keys.iter().filter(|(key, _)| key == wanted).collect();
    assert_eq!(values.len(), 1, "{wanted} stands there once");
    &values[0].1
}

#[test]
fn the_launcher_entry_has_what_desktops_ask_for_and_names_what_is_packed() {
    let groups = groups(&packed("org.lockstep.Lockstep.desktop"));
    let entry = &groups["Desktop Entry"];
    assert_eq!(value(entry, "Type"), "Application");
    assert_eq!(value(entry, "Name"), config()["productName"]);
    assert_eq!(value(entry, "Comment"), config()["bundle"]["shortDescription"]);
    assert_eq!(value(entry, "Exec"), PROGRAM);
    assert_eq!(value(entry, "StartupWMClass"), PROGRAM);
    let categories = value(entry, "Categories");
    assert!(categories.ends_with(';') && categories.contains("Network;"), "{categories}");
    let icon = format!("/{}.", value(entry, "Icon"));
    assert!(FIXED_APP.iter().any(|fixed| fixed.to.contains(&icon)), "the icon is packed");
}

#[test]
fn every_launcher_action_is_an_argument_that_the_app_knows_in_both_languages() {
    let groups = groups(&packed("org.lockstep.Lockstep.desktop"));
    let listed: BTreeSet<_> =
        value(&groups["Desktop Entry"], "Actions").split_terminator(';').map(str::to_owned).collect();
    let there: BTreeSet<_> =
        groups.keys().filter_map(|name| name.strip_prefix("Desktop Action ")).map(str::to_owned).collect();
    assert_eq!(listed, there, "an action that is not listed is not shown");
    let known = text("src-tauri/src/args.rs");
    for action in listed {
        let keys = &groups[&format!("Desktop Action {action}")];
        assert!(!value(keys, "Name").is_empty() && !value(keys, "Name[de]").is_empty(), "{action}");
        let (program, argument) = value(keys, "Exec").split_once(' ').expect("an argument");
        assert_eq!(program, PROGRAM);
        assert!(known.contains(&format!("\"{argument}\" =>")), "the app does not know {argument}");
    }
}

#[test]
fn the_page_of_the_app_names_every_argument_that_it_knows() {
    let page = text(contents::APP_PAGE).replace("\\-", "-");
    assert!(page.starts_with(".TH lockstep-app 1\n"));
    let code = text("src-tauri/src/args.rs");
    let (code, _) = code.split_once("#[cfg(test)]").expect("tests follow");
    let arguments: Vec<_> = code.split('"').filter(|word| word.starts_with("--")).collect();
    assert_eq!(arguments.len(), 5, "{arguments:?}");
    for argument in arguments {
        assert!(page.contains(&format!("\n\\fB{argument}\\fR\n")), "{argument} is missing");
    }
}

#[test]
fn the_entry_that_the_bundler_insists_on_counts_as_absent() {
    let groups = groups(&packed("bundler.desktop"));
    assert_eq!(value(&groups["Desktop Entry"], "Hidden"), "true");
}

#[test]
fn notifications_use_the_names_under_which_entry_and_icon_are_packed() {
    let code = text("src-tauri/src/notify/linux.rs");
    assert!(code.contains(&format!("DESKTOP_ENTRY: &str = \"{ID}\"")));
    assert!(FIXED_APP.iter().any(|fixed| fixed.to.ends_with(&format!("/{ID}.desktop"))));
    assert!(code.contains("ICON: &str = \"lockstep\""));
}

#[test]
fn the_metainfo_is_well_formed_and_says_the_same_as_the_rest() {
    let text = packed("org.lockstep.Lockstep.metainfo.xml");
    let document = Document::parse(&text).expect("well-formed");
    let component = document.root_element();
    assert_eq!(component.tag_name().name(), "component");
    assert_eq!(component.attribute("type"), Some("desktop-application"));
    let config = config();
    assert_eq!(said(component, "id"), config["identifier"]);
    assert_eq!(said(component, "name"), config["productName"]);
    assert_eq!(said(component, "summary"), config["bundle"]["shortDescription"]);
    assert_eq!(said(component, "launchable"), format!("{ID}.desktop"));
    assert_eq!(said(component, "metadata_license"), "CC0-1.0");
    let manifest: toml::Table = self::text("Cargo.toml").parse().expect("TOML");
    let license = manifest["workspace"]["package"]["license"].as_str();
    assert_eq!(Some(said(component, "project_license")), license);
    for tag in ["description", "categories", "provides", "content_rating", "developer_name"] {
        assert!(component.children().any(|node| node.has_tag_name(tag)), "{tag} is missing");
    }
    for part in component.descendants().filter(|node| node.has_tag_name("p") || node.has_tag_name("li")) {
        assert!(part.text().is_some_and(|text| !text.trim().is_empty()), "an empty paragraph");
    }
    let languages = |tag: &str| component.descendants().filter(|node| node.has_tag_name(tag)).count();
    assert_eq!(
        [languages("summary"), languages("p") % 2, languages("li") % 2],
        [2, 0, 0],
        "English and German"
    );
}

/// The text of a tag, in English.
fn said<'a>(component: Node<'a, '_>, tag: &str) -> &'a str {
    let node = component.children().find(|node| node.has_tag_name(tag) && node.attributes().len() < 2);
    node.and_then(|node| node.text()).unwrap_or_else(|| panic!("{tag} is missing"))
}

#[test]
fn the_unit_runs_the_command_in_the_foreground_and_gives_up_where_trying_again_is_no_use() {
    let groups = groups(&packed("lockstep.service"));
    assert_eq!(groups.keys().collect::<Vec<_>>(), ["Install", "Service", "Unit"]);
    let service = &groups["Service"];
    let (program, arguments) = value(service, "ExecStart").split_once(' ').expect("a command");
    assert_eq!((program, arguments), ("/usr/bin/lockstep", "run"));
    assert_eq!(value(service, "Restart"), "on-failure");
    // Wrong usage, not linked, owned by another: the codes that `lockstep --help` names.
    assert_eq!(value(service, "RestartPreventExitStatus"), "2 4 5");
    for hardening in ["NoNewPrivileges", "MemoryDenyWriteExecute", "RestrictNamespaces", "LockPersonality"] {
        assert_eq!(value(service, hardening), "yes");
    }
    for needed in ["RestrictAddressFamilies", "SystemCallFilter", "SystemCallArchitectures", "LimitCORE"] {
        assert!(!value(service, needed).is_empty());
    }
    let absent = |key: &str| !service.iter().any(|(there, _)| there == key);
    assert!(absent("UMask") && absent("RestrictSUIDSGID") && absent("ProtectHome"), "see the unit for why");
    assert_eq!(value(&groups["Install"], "WantedBy"), "default.target");
    assert!(!value(&groups["Unit"], "Description").is_empty());
}

#[test]
fn every_file_that_is_to_be_packed_is_there() {
    for fixed in FIXED_COMMAND.iter().chain(&FIXED_APP) {
        assert!(repository().join(fixed.from).is_file(), "{} is missing", fixed.from);
        assert!(fixed.to.starts_with("/usr/"), "{} is not for packages", fixed.to);
    }
    for path in [contents::APP_PAGE, &format!("{FOLDER}/copyright")] {
        assert!(repository().join(path).is_file(), "{path} is missing");
    }
    let bundle = &config()["bundle"];
    let mut named: Vec<_> = bundle["icon"].as_array().expect("icons").iter().collect();
    for kind in ["deb", "rpm"] {
        named.push(&bundle["linux"][kind]["desktopTemplate"]);
    }
    for path in named {
        let path = path.as_str().expect("a path");
        assert!(repository().join("src-tauri").join(path).is_file(), "{path} is missing");
    }
}

#[test]
fn the_two_packages_exclude_each_other() {
    let deb = &config()["bundle"]["linux"]["deb"];
    for key in ["conflicts", "replaces", "provides"] {
        assert_eq!(deb[key], serde_json::json!([super::CLI]), "{key}");
    }
    let control = control().text(1);
    assert!(control.contains("\nConflicts: lockstep\nReplaces: lockstep\n"), "{control}");
}

fn control() -> Control<'static> {
    Control {
        package: super::CLI,
        version: "1.2.3",
        architecture: "amd64",
        maintainer: "Somebody",
        depends: &[],
        instead_of: super::APP,
        summary: "One line",
        description: "Two\n\nparagraphs",
    }
}

#[test]
fn an_empty_line_of_a_description_is_a_dot() {
    let text = control().text(17);
    assert!(text.contains("\nInstalled-Size: 17\n"), "{text}");
    assert!(text.ends_with("Description: One line\n Two\n .\n paragraphs\n"), "{text}");
}

#[test]
fn the_newest_version_of_the_c_library_is_found_by_number() {
    assert_eq!(newest_c_library(b"\0GLIBC_2.9\0GLIBC_2.34\0GLIBC_2.2.5\0GLIBC_PRIVATE\0"), Some((2, 34)));
    assert_eq!(newest_c_library(b"nothing of it"), None);
}

#[test]
fn a_root_holds_what_was_put_with_modes_that_do_not_depend_on_who_builds() {
    use std::os::unix::fs::PermissionsExt;

    let place = tempfile::tempdir().expect("a folder");
    let root = Root::fresh(place.path().join("one")).expect("made");
    root.put("/usr/share/doc/x", b"text").expect("put");
    root.put_compressed("/usr/share/man/y", b"page").expect("put");
    root.copy_program(&place.path().join("one/usr/share/doc/x"), "/usr/bin/x").expect("copied");
    let mode = |path: &str| root.path().join(path).metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!(
        [mode(""), mode("usr/share"), mode("usr/share/doc/x"), mode("usr/bin/x")],
        [0o755, 0o755, 0o644, 0o755]
    );

    let other = Root::fresh(place.path().join("two")).expect("made");
    other.put("/old", b"").expect("put");
    let other = Root::fresh(place.path().join("two")).expect("made anew");
    other.take(&root).expect("taken");
    let names: Vec<_> = other.files().expect("listed").into_keys().collect();
    assert_eq!(names, ["/usr/bin/x", "/usr/share/doc/x", "/usr/share/man/y.gz"], "nothing of before is left");
    assert_eq!(other.path().join("usr/bin/x").metadata().expect("there").permissions().mode() & 0o777, 0o755);
}

#[test]
fn zsh_finds_its_completions_elsewhere_on_systems_with_rpm() {
    assert_eq!(
        contents::on_rpm("/usr/share/zsh/vendor-completions/_lockstep"),
        "/usr/share/zsh/site-functions/_lockstep"
    );
    assert_eq!(contents::on_rpm("/usr/bin/lockstep"), "/usr/bin/lockstep");
}
