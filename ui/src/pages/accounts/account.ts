/**
 * What is said about an account: initials, space, permissions.
 *
 * Rule: a figure that is not known is told as unknown, never as zero.
 */
import { t } from '../../i18n/index.svelte'
import { bytes, clockTime, day, dayOf } from '../../lib/format'
import { clock } from '../../lib/clock.svelte'
import type { Account } from '../../platform'

/** Up to two letters for the round picture. */
export function initials({ name, email }: Pick<Account, 'name' | 'email'>): string {
  const words = name.split(/\s+/).filter((word) => /\p{L}|\p{N}/u.test(word))
  const first = (word: string | undefined): string => [...(word ?? '')][0] ?? ''
  const letters = words.length > 1 ? first(words[0]) + first(words.at(-1)) : first(words[0])
  return (letters || first(email)).toLocaleUpperCase()
}

export interface Space {
  text: string
  /** 0 to 1; null when unknown. */
  share: number | null
}

export function space({ used_bytes: used, allocated_bytes: all, as_of }: Account): Space {
  if (used === null || all === null || all === 0) return { text: t('accounts.space.unknown'), share: null }
  const args = { used: bytes(used), all: bytes(all) }
  const share = Math.min(1, used / all)
  if (as_of === null) return { text: t('accounts.space.used', args), share }
  const time = dayOf(as_of) === dayOf(clock.now) ? clockTime(as_of) : day(as_of)
  return { text: t('accounts.space.used_as_of', { ...args, time }), share }
}

const PERMISSIONS = {
  files: ['files.metadata.read', 'files.content.read', 'files.content.write'],
  account: ['account_info.read'],
  links: ['sharing.write'],
} as const
export type Permission = keyof typeof PERMISSIONS

/** What Lockstep was allowed. Without a scope of its own it has all that the app may have. */
export function permissions({ scope }: Pick<Account, 'scope'>): Permission[] {
  const asked = scope.split(/\s+/).filter((one) => one !== '')
  const all = Object.keys(PERMISSIONS) as Permission[]
  return asked.length === 0
    ? all
    : all.filter((one) => PERMISSIONS[one].every((need) => asked.includes(need)))
}
