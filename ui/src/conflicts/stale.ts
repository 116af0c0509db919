/** Says which side changed while somebody looked at it. */
import { t } from '../i18n/index.svelte'
import { clockTime } from '../lib/format'
import type { Review } from './review.svelte'

export function staleText({ stale, latest }: Review): string {
  if (stale !== 'local' && stale !== 'remote') return t('conflicts.state.changed')
  const version = latest[stale]
  if (!version) return t(`conflicts.state.changed_${stale}_gone`)
  return version.modified
    ? t(`conflicts.state.changed_${stale}`, { time: clockTime(version.modified) })
    : t('conflicts.state.changed')
}
