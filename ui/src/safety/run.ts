/**
 * Does what a button of an issue says.
 *
 * Rule: nothing here deletes a file; what deletes goes through the guard.
 */
import { t } from '../i18n/index.svelte'
import { attempt } from '../lib/act'
import { freeName, type Action } from '../lib/issues'
import { mirror } from '../lib/mirror.svelte'
import { isolated } from '../lib/names'
import { router } from '../lib/router.svelte'
import { toasts } from '../lib/toasts.svelte'
import { api, type Issue } from '../platform'

/** Lets Linux watch more folders, now and after a restart. */
const WATCH_COMMAND =
  "echo 'fs.inotify.max_user_watches=1048576' | sudo tee /etc/sysctl.d/60-lockstep.conf && sudo sysctl --system"

async function relocate(issue: Issue): Promise<void> {
  const workspace = mirror.workspace(issue.workspace)
  const place = await api().chooseFolder(workspace?.local ?? null)
  if (place !== null) await api().workspaceRelocate(issue.workspace, place)
}

async function rename(issue: Issue): Promise<void> {
  const name = freeName(issue)
  await api().renameItem(issue.workspace, issue.path, name)
  toasts.show(t('issues.rename.done', { name: isolated(name) }))
}

async function remove(issue: Issue): Promise<void> {
  const name = mirror.workspace(issue.workspace)?.name ?? ''
  await api().workspaceRemove(issue.workspace)
  toasts.show(t('issues.removed', { workspace: isolated(name) }))
}

async function copyFix(): Promise<void> {
  await api().copyText(WATCH_COMMAND)
  toasts.show(t('issues.copied'))
}

function signIn(issue: Issue): Promise<void> {
  const account = mirror.workspace(issue.workspace)?.account
  return api().showWindow('wizard', account === undefined ? null : `relink/${account}`)
}

const RUN: Record<Action, (issue: Issue) => Promise<void>> = {
  sign_in: signIn,
  retry: (issue) => api().retry(issue.id),
  choose_place: relocate,
  download_again: relocate,
  rename,
  show_in_folder: (issue) => api().showInFolder(issue.workspace, issue.path),
  open_web: (issue) => api().openWeb(issue.workspace, issue.path),
  open_storage: () => api().openUrl('storage'),
  open_dropbox: () => api().openUrl('dropbox'),
  copy_fix_command: copyFix,
  rebuild: (issue) => Promise.resolve(router.go(`rebuild/${issue.workspace}`)),
  remove_workspace: remove,
}

/** Runs an action; a failure is told. Answers whether it worked. */
export function run(action: Action, issue: Issue): Promise<boolean> {
  return attempt(() => RUN[action](issue))
}
