/**
 * Words and actions of issues. The engine names the reason and what can be done; the words are ours.
 *
 * Rule: a reason that is not known here is told in the engine's own words, never left out.
 */
import { isKey, t } from '../i18n/index.svelte'
import type { Issue, Workspace } from '../platform'
import { isolated, localPlace, nameOf } from './names'

/** What can be done about an issue. */
export const ACTIONS = [
  'sign_in',
  'retry',
  'choose_place',
  'download_again',
  'rename',
  'show_in_folder',
  'open_web',
  'open_storage',
  'open_dropbox',
  'copy_fix_command',
  'rebuild',
  'remove_workspace',
] as const

export type Action = (typeof ACTIONS)[number]

/** The actions of an issue that this window knows, in the engine's order: the safe one first. */
export function actionsOf(issue: Issue): Action[] {
  const known: readonly string[] = ACTIONS
  return issue.actions.filter((action): action is Action => known.includes(action))
}

/** A word for the button; looking again is called differently where nothing is carried over. */
export function actionLabel(action: Action, issue: Issue): string {
  if (action === 'retry' && issue.path === '') return t('issues.action.check_again')
  if (action === 'rename') return t('issues.action.rename', { name: isolated(freeName(issue)) })
  return t(`issues.action.${action}`)
}

/** Characters that some system refuses in names. */
const REFUSED = /[<>:"/\\|?*\u0000-\u001f]/gu

/** A name under which the file can exist. */
export function freeName(issue: Issue): string {
  const name = nameOf(issue.path)
  const dot = name.lastIndexOf('.')
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  if (issue.code === 'case_clash') return `${stem} (${t('issues.case_conflict')})${ending}`
  return name.replace(REFUSED, '-').replace(/[. ]+$/u, '') || '-'
}

interface Words {
  title: string
  text: string
  /** The text, when it is the same for all issues of this reason; otherwise empty. */
  shared: string
  /** The text, when it speaks of this one issue; otherwise empty. */
  own: string
}

/** The reason in words. */
export function words(issue: Issue, workspace: Workspace | undefined, home: string): Words {
  const args = {
    name: isolated(nameOf(issue.path)),
    workspace: isolated(workspace?.name ?? ''),
    place: isolated(localPlace(workspace?.local ?? '', home, t('common.home'))),
  }
  const key: string = `issues.code.${issue.code}.text`
  const title: string = `issues.code.${issue.code}.title`
  const text = isKey(key) ? t(key, args) : issue.message
  // What needs no name of a file or place can stand once over all of them.
  const same = isKey(key) && t(key, { name: '', workspace: '', place: '' }) === text
  return {
    title: isKey(title) ? t(title) : t('issues.other'),
    text,
    shared: same ? text : '',
    own: same ? '' : text,
  }
}

/** Whether the engine's own words add something to ours. */
export function hasDetails(issue: Issue): boolean {
  const key: string = `issues.code.${issue.code}.text`
  return isKey(key) && issue.message !== ''
}
