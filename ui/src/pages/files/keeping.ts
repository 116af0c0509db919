/** Keeping a file or folder on this computer, or at Dropbox only. */
import { t } from '../../i18n/index.svelte'
import { isolated } from '../../lib/names'
import { toasts } from '../../lib/toasts.svelte'
import { api, type Entry } from '../../platform'

/** Says what comes of it, and offers the opposite. `done` is called when either was carried out. */
export async function keep(
  workspace: string,
  entry: Entry,
  here: boolean,
  done: () => Promise<void>,
): Promise<void> {
  const waiting = await api().select(workspace, entry.path, here)
  const name = isolated(entry.name)
  const said = here
    ? t('overview.files.kept', { name })
    : waiting > 0
      ? t('overview.files.leaves_later', { name, n: waiting })
      : t('overview.files.leaves', { name })
  toasts.show(said, async () => {
    await api().select(workspace, entry.path, !here)
    await done()
  })
  await done()
}
