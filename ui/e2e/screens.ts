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

const SIGN_IN_ERRORS =
  'redirect-mismatch bad-client user-limit denied code-expired state scope port offline tls page-error ' +
  'timeout keychain wrong-account other'

const WORKSPACE_STATES =
  'idle indexing syncing paused offline needs-sign-in folder-missing guard disk-full quota-full error'

/** States by screen, written one after the other as in the specification; a ● stands for all looks. */
const WINDOWS: Record<WindowKind, Record<string, string>> = {
  wizard: {
    'wizard-welcome ●': 'default',
    'wizard-link ●':
      'builtin no-builtin own-key own-key-invalid non-dropbox-host old-url scope-missing howto relink ' +
      'already-linked',
    'wizard-wait ●': `embedded google-hint browser paste-code paste-code-invalid exchanging ${SIGN_IN_ERRORS}`,
    'wizard-folders': 'empty not-empty blocked-dropbox-app nested no-space network-disk picker picker-error',
    'wizard-choose': 'loading tree partial error',
    'wizard-review ●': 'counting summary conflicts nothing-to-do error',
    'wizard-start': 'started',
  },
  main: {
    'overview ●':
      'not-linked first-sync indexing syncing synced paused offline attention relink-banner empty loading ' +
      'page-error engine-down engine-failed owned-by-other many-banners',
    activity: 'list folded-burst filtered-none undo-toast',
    'issues ●': 'empty all-kinds',
    transfers: 'mixed stalled 3000-rows',
    files: 'list empty-folder row-menu search-none',
    versions: 'list offline',
    link: 'first-ask',
    'workspaces ●': `empty one ${WORKSPACE_STATES} settings-open guard-invalid removed-toast moving-folder`,
    'accounts ●': 'none one two needs-sign-in quota-unknown addresses-open unlink-ask',
    network: 'default limits invalid proxy-ok proxy-407 saved',
    notifications: 'default denied snoozed',
    'general ●': 'default no-tray autostart-failed kept kept-none kept-remove',
    advanced: 'ok checking db-damaged rebuild-ask compared compared-equal',
    about: 'default',
    'safety ●':
      'guard-local guard-remote folder-missing folder-empty disk-full quota-full case-clash watch-limit ' +
      'rebuild-sheet rebuild-running',
    'close-sheet': 'default',
  },
  conflicts: {
    'conflicts ●':
      'empty edit-edit-text merge-open merge-decided image-side image-swipe binary new-new edit-delete ' +
      'delete-edit move-move type no-base too-large written-differently changed-again loading ' +
      'download-failed offline-queued apply-all apply-all-merge undo-toast apply-failed many',
  },
}

export const screens: Screen[] = (Object.keys(WINDOWS) as WindowKind[]).flatMap((window) =>
  Object.entries(WINDOWS[window]).map(([title, states]) => ({
    name: title.replace(' ●', ''),
    window,
    all: title.endsWith('●'),
    states: states.split(' '),
  })),
)

/** Screens that are also shown in the system's own colours. */
export const inSystemColours = ['overview.attention', 'conflicts.edit-edit-text', 'wizard-link.own-key']
