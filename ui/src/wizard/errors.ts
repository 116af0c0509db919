/**
 * Why a sign-in failed, and what can be done about it: one row an id, as in the specification.
 *
 * Rule: every reason offers a next step, and stays until something is tried.
 */
import type { LinkError } from '../platform'

export type Code = LinkError['code']

export type Action =
  | 'console'
  | 'retry'
  | 'registered'
  | 'edit_redirect'
  | 'edit_keys'
  | 'own_key'
  | 'new_code'
  | 'sign_in_again'
  | 'window'
  | 'browser'
  | 'network'
  | 'keep_memory'
  | 'as_old'
  | 'accept_other'

/** The buttons of each reason; the first of `main` that is there weighs most. */
const ACTIONS: Record<Code, Action[]> = {
  redirect_mismatch: ['console', 'registered', 'edit_redirect'],
  bad_client: ['edit_keys'],
  user_limit: ['own_key'],
  denied: ['retry'],
  code_expired: ['new_code'],
  state: ['retry'],
  scope: ['console', 'sign_in_again'],
  port: ['retry', 'window', 'edit_redirect'],
  offline: ['retry', 'browser', 'network'],
  tls: ['retry', 'browser', 'network'],
  page_error: ['retry', 'browser', 'network'],
  timeout: ['retry', 'browser', 'network'],
  keychain: ['retry', 'keep_memory'],
  wrong_account: ['as_old', 'accept_other'],
  other: ['retry', 'browser'],
}

const MAIN: Action[] = ['retry', 'registered', 'sign_in_again', 'new_code', 'edit_keys', 'own_key', 'as_old']

export interface Remedies {
  actions: Action[]
  main: Action | null
}

/** What can be done. The browser is no remedy where the answer can only reach Lockstep's own window. */
export function remedies(code: Code, windowOnly: boolean): Remedies {
  const actions = ACTIONS[code].filter((action) => !(windowOnly && action === 'browser'))
  return { actions, main: MAIN.find((action) => actions.includes(action)) ?? null }
}

/** What a person may say that Dropbox's page shows. */
export const REPORTS = ['redirect', 'user_limit', 'blank', 'other'] as const
export type Report = (typeof REPORTS)[number]

/** The reason that fits what a person saw. */
export function reported(report: Report, host: string, redirect: string): LinkError {
  switch (report) {
    case 'redirect':
      return { code: 'redirect_mismatch', dropbox_says: null, detail: redirect }
    case 'user_limit':
      return { code: 'user_limit', dropbox_says: null, detail: null }
    case 'blank':
      return { code: 'page_error', dropbox_says: null, detail: host }
    case 'other':
      return { code: 'other', dropbox_says: null, detail: null }
  }
}
