/**
 * What needs a person, most urgent first: for the banners and the Issues tab.
 *
 * Rule: one thing is told once. A workspace that waits for a sign-in is told by its account.
 */
import type { Account, Held, Issue, Snapshot } from '../platform'

export type Need =
  | { kind: 'sign_in'; id: string; account: Account }
  | { kind: 'issue'; id: string; issue: Issue }
  | { kind: 'held'; id: string; held: Held }
  | { kind: 'conflicts'; id: string; count: number }
  | { kind: 'setup'; id: string; account: Account }

/** Issues that stop a whole workspace come before those of single files. */
const URGENT = ['folder_missing', 'folder_empty', 'marker_missing', 'remote_folder_missing', 'db_damaged']

/** Issues that an account already tells. */
function toldByAccount(issue: Issue, accounts: readonly Account[]): boolean {
  return issue.code === 'needs_sign_in' && accounts.some(({ state }) => state === 'needs_sign_in')
}

/** Issues to show, those that need somebody first, otherwise in the order given. */
export function issues(snapshot: Snapshot): Issue[] {
  const shown = snapshot.issues.filter((issue) => !toldByAccount(issue, snapshot.accounts))
  const rank = (issue: Issue): number => (issue.level === 'note' ? 2 : URGENT.includes(issue.code) ? 0 : 1)
  return shown.toSorted((a, b) => rank(a) - rank(b))
}

/** Everything that needs somebody. */
export function needs(snapshot: Snapshot): Need[] {
  const signIn = snapshot.accounts
    .filter(({ state }) => state === 'needs_sign_in')
    .map((account): Need => ({ kind: 'sign_in', id: `sign_in ${account.id}`, account }))
  const stopped = issues(snapshot)
    .filter(({ level }) => level === 'needs_you')
    .map((issue): Need => ({ kind: 'issue', id: `issue ${issue.workspace} ${issue.id}`, issue }))
  const held = snapshot.held.map((one): Need => ({ kind: 'held', id: `held ${one.id}`, held: one }))
  const conflicts: Need[] =
    snapshot.conflicts > 0 ? [{ kind: 'conflicts', id: 'conflicts', count: snapshot.conflicts }] : []
  return [...signIn, ...held, ...stopped, ...conflicts, ...setup(snapshot)]
}

/** An account without a folder: the wizard was left half-way. */
function setup({ accounts, workspaces }: Snapshot): Need[] {
  const account = accounts[0]
  return account && workspaces.length === 0 ? [{ kind: 'setup', id: 'setup', account }] : []
}

/** How many rows the Issues tab has. */
export function issueCount(snapshot: Snapshot): number {
  const waiting = snapshot.accounts.filter(({ state }) => state === 'needs_sign_in').length
  return issues(snapshot).length + snapshot.held.length + waiting
}

export interface Group {
  code: string
  issues: Issue[]
}

/** Issues of one reason stand together. */
export function grouped(list: readonly Issue[]): Group[] {
  const groups: Group[] = []
  for (const issue of list) {
    const group = groups.find(({ code }) => code === issue.code)
    if (group) group.issues.push(issue)
    else groups.push({ code: issue.code, issues: [issue] })
  }
  return groups
}
