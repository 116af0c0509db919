/**
 * Runs what a button asks of the app and says so when it fails.
 *
 * Rule: no failure stays silent; its reason is shown in the app's own words.
 */
import { t } from '../i18n/index.svelte'
import { toasts } from './toasts.svelte'

/** Runs an action; a failure is told in a toast. Answers whether it worked. */
export async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action()
    return true
  } catch (error) {
    toasts.show(
      t('overview.toast.failed', { reason: error instanceof Error ? error.message : String(error) }),
    )
    return false
  }
}
