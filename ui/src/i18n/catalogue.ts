/**
 * The message catalogue of the windows: one file an area and language, put together here.
 *
 * Deliberately without the areas `tray` and `notify`, which only Rust reads.
 *
 * Rule: English decides which keys exist; a German key that is missing does not compile.
 */
import accountsDe from './accounts.de.json'
import accountsEn from './accounts.en.json'
import commonDe from './common.de.json'
import commonEn from './common.en.json'
import conflictsDe from './conflicts.de.json'
import conflictsEn from './conflicts.en.json'
import helpDe from './help.de.json'
import helpEn from './help.en.json'
import issuesDe from './issues.de.json'
import issuesEn from './issues.en.json'
import overviewDe from './overview.de.json'
import overviewEn from './overview.en.json'
import settingsDe from './settings.de.json'
import settingsEn from './settings.en.json'
import wizardDe from './wizard.de.json'
import wizardEn from './wizard.en.json'
import workspacesDe from './workspaces.de.json'
import workspacesEn from './workspaces.en.json'

export const english = {
  ...accountsEn,
  ...commonEn,
  ...conflictsEn,
  ...helpEn,
  ...issuesEn,
  ...overviewEn,
  ...settingsEn,
  ...wizardEn,
  ...workspacesEn,
}

/** A key of the catalogue. */
export type Key = keyof typeof english

export const german: Record<Key, string> = {
  ...accountsDe,
  ...commonDe,
  ...conflictsDe,
  ...helpDe,
  ...issuesDe,
  ...overviewDe,
  ...settingsDe,
  ...wizardDe,
  ...workspacesDe,
}

/** Whether a text from outside, for instance an issue code put into a key, names a message. */
export function isKey(text: string): text is Key {
  return Object.hasOwn(english, text)
}
