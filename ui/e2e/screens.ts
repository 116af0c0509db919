/**
 * Every screen of the windows and the states it is shown in.
 *
 * Rule: a state is a fixture, `<screen>.<state>`; each fixture is in this list and each state has a fixture.
 */
import type { WindowKind } from './looks'

export interface Screen {
  name: string
  window: WindowKind
  /** Also shown dark, in German, with large text and with more contrast. */
  all: boolean
  states: string[]
}

/** States are written one after the other, as in the specification. */
function shown(name: string, window: WindowKind, states: string): Screen {
  return { name, window, all: false, states: states.split(/\s+/) }
}

/** A screen in all looks. */
function shownInAll(name: string, window: WindowKind, states: string): Screen {
  return { ...shown(name, window, states), all: true }
}

const signInErrors =
  'redirect-mismatch bad-client user-limit denied code-expired state scope port offline tls page-error ' +
  'timeout keychain wrong-account other'

const workspaceStates =
  'idle indexing syncing paused offline needs-sign-in folder-missing guard disk-full quota-full error'

export const screens: Screen[] = [
  shownInAll('wizard-welcome', 'wizard', 'default'),
  shownInAll(
    'wizard-link',
    'wizard',
    'builtin no-builtin own-key own-key-invalid non-dropbox-host old-url scope-missing howto relink already-linked',
  ),
  shownInAll(
    'wizard-wait',
    'wizard',
    `embedded google-hint browser paste-code paste-code-invalid exchanging ${signInErrors}`,
  ),
  shown(
    'wizard-folders',
    'wizard',
    'empty not-empty blocked-dropbox-app nested no-space network-disk picker picker-error',
  ),
  shown('wizard-choose', 'wizard', 'loading tree partial error'),
  shownInAll('wizard-review', 'wizard', 'counting summary conflicts nothing-to-do error'),
  shown('wizard-start', 'wizard', 'started'),

  shownInAll(
    'overview',
    'main',
    'not-linked first-sync indexing syncing synced paused offline attention relink-banner empty loading ' +
      'page-error engine-down engine-failed owned-by-other many-banners',
  ),
  shown('activity', 'main', 'list folded-burst filtered-none undo-toast'),
  shownInAll('issues', 'main', 'empty all-kinds'),
  shown('transfers', 'main', 'mixed stalled 3000-rows'),
  shown('files', 'main', 'list empty-folder row-menu search-none'),
  shownInAll(
    'workspaces',
    'main',
    `empty one ${workspaceStates} settings-open guard-invalid removed-toast moving-folder`,
  ),
  shownInAll('accounts', 'main', 'none one two needs-sign-in quota-unknown addresses-open unlink-ask'),
  shown('network', 'main', 'default limits invalid proxy-ok proxy-407 saved'),
  shown('notifications', 'main', 'default denied snoozed'),
  shownInAll('general', 'main', 'default no-tray autostart-failed'),
  shown('advanced', 'main', 'ok checking db-damaged rebuild-ask'),
  shown('about', 'main', 'default'),
  shownInAll(
    'safety',
    'main',
    'guard-local guard-remote folder-missing folder-empty disk-full quota-full case-clash watch-limit ' +
      'rebuild-sheet rebuild-running',
  ),
  shown('close-sheet', 'main', 'default'),

  shownInAll(
    'conflicts',
    'conflicts',
    'empty edit-edit-text merge-open merge-decided image-side image-swipe binary new-new edit-delete ' +
      'delete-edit move-move type no-base too-large written-differently changed-again loading ' +
      'download-failed offline-queued apply-all apply-all-merge undo-toast apply-failed many',
  ),
]

/** Screens that are also shown in the system's own colours. */
export const inSystemColours = ['overview.attention', 'conflicts.edit-edit-text', 'wizard-link.own-key']
