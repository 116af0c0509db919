/**
 * Undoes changes that Activity lists, and says how that ended.
 *
 * Rule: one change is asked for at a time, newest first, so that each is judged by what the one before left.
 */
import { t } from '../i18n/index.svelte'
import { api, type Activity, type Undone } from '../platform'
import { attempt } from './act'
import { toasts } from './toasts.svelte'

/** Whether undoing can be tried: a refusal may be over by now. */
export function canUndo({ undo }: Pick<Activity, 'undo'>): boolean {
  return undo?.state === 'possible' || undo?.state === 'refused'
}

/** How far undoing a change is; empty when nobody asked for it. */
export function undoText({ undo }: Pick<Activity, 'undo'>): string {
  if (undo?.state === 'waiting') return t('overview.undo.waiting')
  if (undo?.state === 'done') return t('overview.undo.done')
  return undo?.state === 'refused' ? t(`overview.undo.why.${undo.why}`) : ''
}

/** Undoes what can be undone of a list that is sorted newest first. */
export async function undoChanges(changes: readonly Activity[]): Promise<void> {
  const ends: Undone[] = []
  await attempt(async () => {
    for (const { workspace, batch, id } of changes.filter(canUndo)) {
      ends.push(await api().undo(`${workspace}:${batch}`, id))
    }
  })
  if (ends.length > 0) toasts.show(told(ends))
}

function told(ends: readonly Undone[]): string {
  const refused = ends.flatMap((end) => end.refused)
  const first = refused[0]
  if (first) {
    const why = t(`overview.undo.why.${first.why}`)
    return t('overview.undo.refused', { done: ends.length - refused.length, n: ends.length, why })
  }
  return ends.some(({ outcome }) => outcome === 'waiting') ? t('overview.undo.later') : t('common.undone')
}
