/** Removing a workspace, and adding it back as it was. */
import { api, type Workspace } from '../../platform'

/** Removes it; the answer adds it back, with all that was chosen for it. */
export async function removed(workspace: Workspace): Promise<() => Promise<void>> {
  const excludes = await api().workspaceRemove(workspace.id)
  const { account, remote, local, name, on_conflict } = workspace
  const { conflict_days, guard_files, guard_percent } = workspace
  return async () => {
    const added = { account, remote, local, name, on_conflict, excludes, start_paused: true }
    const { id } = await api().workspaceAdd(added)
    // Before it does anything: what it may delete without a question is part of what was chosen.
    await api().workspaceEdit(id, { conflict_days, guard_files, guard_percent })
    await api().resume(id)
  }
}
