/**
 * Puts arguments into ICU messages. A message is parsed once.
 */
import { IntlMessageFormat } from 'intl-messageformat'

export type Args = Record<string, string | number | Date>

const parsed = new Map<string, IntlMessageFormat>()

/** The finished text. `tag` decides how numbers and plurals are written. */
export function format(tag: string, text: string, args?: Args): string {
  const id = `${tag} ${text}`
  let message = parsed.get(id)
  if (!message) {
    message = new IntlMessageFormat(text, tag, undefined, { ignoreTag: true })
    parsed.set(id, message)
  }
  return String(message.format(args))
}
