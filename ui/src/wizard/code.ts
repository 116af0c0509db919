/**
 * What can be seen of a pasted code before anybody is asked.
 *
 * Rule: the whole address that the browser came back to is as good as the code in it.
 */
import type { Key } from '../i18n/index.svelte'

/** The key of what is wrong; null when it may be a code. */
export function codeProblem(text: string): Key | null {
  const code = text.trim()
  if (code === '') return 'wizard.code.empty'
  if (/^https?:\/\//.test(code)) return null
  return /^[\w.~+/=-]{8,}$/.test(code) ? null : 'wizard.code.unusual'
}
