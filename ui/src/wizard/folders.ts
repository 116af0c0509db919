/**
 * Names and places that the wizard proposes, and the words for what speaks against a folder.
 *
 * Rule: the app decides which folders are possible; here it is only said.
 */
import { t, type Key } from '../i18n/index.svelte'
import { isolated, nameOf } from '../lib/names'
import type { FolderCheck, FolderProblem, FolderWarning } from '../platform'

/** All of Dropbox. */
export const ROOT = '/'

const separator = (home: string): string => (home.includes('\\') ? '\\' : '/')

/** Where a Dropbox folder would go: its own name in the home folder. */
export function proposeLocal(home: string, remote: string): string {
  const name = remote === ROOT ? 'Dropbox (Lockstep)' : nameOf(remote)
  return `${home}${separator(home)}${name}`
}

/** What a workspace would be called. */
export function proposeName(remote: string): string {
  return remote === ROOT ? 'Dropbox' : nameOf(remote)
}

/** A folder inside another. */
export function join(parent: string, name: string): string {
  return parent === ROOT ? `/${name}` : `${parent}/${name}`
}

/** A Dropbox path as the workspace sees it: `/Media/Raw` in `/Projects` for `/Projects/Media/Raw`. */
export function below(root: string, path: string): string {
  return root === ROOT ? path : path.slice(root.length)
}

/** A name that Dropbox takes for a folder; the key of what is wrong otherwise. */
export function folderNameProblem(name: string, taken: readonly string[]): Key | null {
  const wanted = name.trim()
  if (wanted === '') return 'wizard.picker.name_empty'
  if (/[/\\]/.test(wanted)) return 'wizard.picker.name_slash'
  const lower = wanted.toLocaleLowerCase()
  return taken.some((one) => one.toLocaleLowerCase() === lower) ? 'wizard.picker.name_taken' : null
}

/** Whether a problem is about the folder on Dropbox. */
const REMOTE: FolderProblem[] = ['nested_remote']

type Found<C> = { code: C; detail: string | null }

function problemText({ code, detail }: Found<FolderProblem>): string {
  return t(`wizard.problem.${code}`, { name: isolated(detail ?? '') })
}

function warningText({ code, detail }: Found<FolderWarning>): string {
  return t(`wizard.warning.${code}`, { name: isolated(detail ?? '') })
}

export interface FolderTexts {
  remote: string | null
  local: string | null
  warning: string | null
}

const sentences = (all: string[]): string | null => (all.length > 0 ? all.join(' ') : null)

/** What stands under the two folders. */
export function folderTexts(check: FolderCheck | null): FolderTexts {
  const problems = check?.problems ?? []
  return {
    remote: sentences(problems.filter(({ code }) => REMOTE.includes(code)).map(problemText)),
    local: sentences(problems.filter(({ code }) => !REMOTE.includes(code)).map(problemText)),
    warning: sentences((check?.warnings ?? []).map(warningText)),
  }
}
