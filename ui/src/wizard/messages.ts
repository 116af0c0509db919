/**
 * What the app found in the six fields of the link page, turned into what a person reads.
 *
 * Deliberately without rules of its own: the app judges the fields, here they only get words.
 *
 * Rule: an address that is not Dropbox's is asked about host by host; nothing is trusted that was not named.
 */
import { isKey, language, t } from '../i18n/index.svelte'
import type { LinkFieldMessage } from '../platform'

/** The fields in the order in which they stand, which is also the order of errors. */
export const FIELDS = [
  'client_id',
  'client_secret',
  'scope',
  'authorize_url',
  'token_url',
  'redirect_url',
] as const
export type LinkFieldName = (typeof FIELDS)[number]

/** What stands under one field. */
export interface FieldTexts {
  error: string | null
  warning: string | null
  /** A host that is not Dropbox's: at the first field that has it, it is asked whether it is trusted. */
  foreign: string | null
  /** Dropbox's retired address: it can be replaced. */
  retired: boolean
  blocks: boolean
}

function textOf(code: string, field: LinkFieldName, details: string[]): string {
  const special = field === 'redirect_url' ? `wizard.check.redirect_${code}` : ''
  const key = isKey(special) ? special : `wizard.check.${code}`
  const names = new Intl.ListFormat(language.tag, { type: 'conjunction' }).format(details)
  return isKey(key) ? t(key, { detail: names }) : t('wizard.check.other')
}

/** One sentence a code, with everything that the code is about. */
function sentences(found: LinkFieldMessage[], field: LinkFieldName): string | null {
  const codes = [...new Set(found.map(({ code }) => code))]
  const parts = codes.map((code) =>
    textOf(
      code,
      field,
      found.flatMap((one) => (one.code === code && one.detail !== null ? [one.detail] : [])),
    ),
  )
  return parts.length > 0 ? parts.join(' ') : null
}

const isForeign = ({ code }: LinkFieldMessage): boolean => code === 'foreign_host' || code === 'trusted_host'

const placeOf = (field: string): number => FIELDS.findIndex((name) => name === field)

/** Sorts out what stands under a field. A foreign host warns; it blocks until it is trusted. */
export function textsOf(
  all: readonly LinkFieldMessage[],
  field: LinkFieldName,
  trusted: readonly string[],
): FieldTexts {
  const found = all.filter((one) => one.field === field)
  const host = found.find(isForeign)?.detail ?? null
  const isAsked = all
    .filter((one) => isForeign(one) && one.detail === host)
    .every((one) => placeOf(one.field) >= placeOf(field))
  const errors = found.filter((one) => one.level === 'error' && !isForeign(one))
  const warnings = found.filter((one) => one.level === 'warning' || isForeign(one))
  return {
    error: sentences(errors, field),
    warning: sentences(warnings, field),
    foreign: isAsked ? host : null,
    retired: errors.some(({ code }) => code === 'retired_address'),
    blocks: errors.length > 0 || (host !== null && !trusted.includes(host)),
  }
}

/** The first field that keeps the sign-in from starting. */
export function firstBlocked(
  all: readonly LinkFieldMessage[],
  trusted: readonly string[],
): LinkFieldName | null {
  return FIELDS.find((field) => textsOf(all, field, trusted).blocks) ?? null
}

/** Hosts that are not Dropbox's. */
export function foreignHosts(all: readonly LinkFieldMessage[]): string[] {
  return [...new Set(all.filter(isForeign).flatMap(({ detail }) => detail ?? []))]
}
