/**
 * The dry run as lines of figures, and as a text that can be saved.
 *
 * Rule: the engine counted; nothing is computed here but the order.
 */
import { isKey, t } from '../i18n/index.svelte'
import { bytes } from '../lib/format'
import { visible } from '../lib/names'
import type { Preview, PreviewPart } from '../platform'

export const PARTS = ['download', 'upload', 'identical', 'conflicts', 'cannot_sync'] as const
export type Part = (typeof PARTS)[number]

/** Lines that always stand there, even with nothing in them. */
const ALWAYS: Part[] = ['download', 'upload', 'identical']

export interface Row {
  part: Part
  files: number
  /** Only where something is carried over. */
  size: string
}

export function rows(preview: Preview): Row[] {
  return PARTS.filter((part) => ALWAYS.includes(part) || preview[part].files > 0).map((part) => {
    const { files, bytes: size } = preview[part]
    const carried = part === 'download' || part === 'upload'
    return { part, files, size: carried && files > 0 ? bytes(size) : '' }
  })
}

/** Both folders are empty. */
export function isEmpty(preview: Preview): boolean {
  return PARTS.every((part) => preview[part].files === 0)
}

/** Both sides are equal already, so that nothing is carried over. */
export function isDone(preview: Preview): boolean {
  return !isEmpty(preview) && PARTS.every((part) => part === 'identical' || preview[part].files === 0)
}

/** Why a file cannot sync: our words for reasons that are known, else those of the engine. */
export function reasonText(reason: string | null): string {
  if (reason === null) return ''
  const key = `wizard.reason.${reason}`
  return isKey(key) ? t(key) : visible(reason)
}

/** Files of the list that were found by what was typed. */
export function matching(part: PreviewPart, query: string): PreviewPart['sample'] {
  const wanted = query.trim().toLocaleLowerCase()
  return wanted === ''
    ? part.sample
    : part.sample.filter(({ path }) => path.toLocaleLowerCase().includes(wanted))
}

/** How many files the list leaves out. */
export function leftOut(part: PreviewPart): number {
  return Math.max(0, part.files - part.sample.length)
}

/** The whole list, one file a line. */
export function asText(preview: Preview): string {
  const lines = PARTS.flatMap((part) => {
    const found = preview[part]
    if (found.files === 0) return []
    const files = found.sample.map(({ path, bytes: size, reason }) =>
      [visible(path), bytes(size), reasonText(reason)].filter((word) => word !== '').join('\t'),
    )
    const more = leftOut(found)
    const rest = more > 0 ? [t('wizard.review.more', { n: more })] : []
    return [t(`wizard.review.list_${part}`, { n: found.files }), ...files, ...rest, '']
  })
  return lines.join('\n')
}
