/** The sentence that says how things stand. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { language } from '../i18n/index.svelte'
import type { Progress, Snapshot } from '../platform'
import { at, photos, snapshot, workspace } from '../platform/fixtures/sample'
import { clock } from './clock.svelte'
import { headline, oneLine, pauseEnd } from './status'

beforeEach(() => clock.fix({ now: new Date(at('14:05')), timeZone: 'Europe/Berlin' }))
afterEach(() => {
  language.locale = 'en'
})

const progress: Progress = {
  files_done: 0,
  files_total: 12,
  bytes_done: 38_000_000,
  bytes_total: 120_000_000,
  permille: 317,
  up_rate: 0,
  down_rate: 0,
  eta_secs: 118,
  stalled: false,
  first_sync_of: null,
}

const plain = (text: string): string => text.replaceAll('\u00a0', ' ').replaceAll(/[\u2068\u2069]/g, '')

const LINES: [string, Partial<Snapshot>, string][] = [
  ['all done', {}, 'Up to date · last change 14:05'],
  ['nothing ever changed', { last_change: null }, 'Up to date'],
  ['carrying over', { state: 'syncing', progress }, 'Syncing 12 files · 38 MB of 120 MB · about 2 min left'],
  [
    'no answer from Dropbox',
    { state: 'syncing', progress: { ...progress, stalled: true } },
    'Syncing 12 files · 38 MB of 120 MB · waiting for Dropbox',
  ],
  [
    'a first sync',
    {
      state: 'syncing',
      progress: {
        ...progress,
        files_done: 312,
        files_total: 1204,
        first_sync_of: 'Projects',
        eta_secs: null,
      },
    },
    'First sync of Projects: 312 of 1,204 files · 38 MB of 120 MB',
  ],
  [
    'files are checked',
    { state: 'syncing', indexing: { workspace: 'w1', files_done: 12_400, files_expected: 20_000 } },
    'Checking files · 12,400 of about 20,000',
  ],
  [
    'files are checked for the first time',
    { state: 'syncing', indexing: { workspace: 'w1', files_done: 12_400, files_expected: null } },
    'Checking files · 12,400 so far',
  ],
  [
    'paused with a time',
    { state: 'paused', paused_until: at('15:30') },
    'Paused until 15:30. Changes wait on both sides.',
  ],
  ['paused for good', { state: 'paused' }, 'Paused. Changes wait on both sides.'],
  [
    'offline with changes',
    { state: 'offline', offline_since: at('13:20'), waiting: 4 },
    'Offline since 13:20. 4 changes wait to be uploaded.',
  ],
  ['offline', { state: 'offline' }, 'Offline. Changes will sync later.'],
  [
    'somebody is needed while the rest goes on',
    { state: 'attention', needs_you: 2, progress },
    '2 things need you. Everything else is syncing.',
  ],
  [
    'somebody is needed and the rest is done',
    { state: 'attention', needs_you: 1 },
    '1 thing needs you. Everything else is up to date.',
  ],
  [
    'nothing goes on without a sign-in',
    { state: 'attention', needs_you: 1, workspaces: [workspace({ state: 'needs_sign_in' })] },
    '1 thing needs you. Syncing is stopped.',
  ],
  ['the sync process is gone', { engine: { kind: 'not_answering' }, notes: 3 }, 'Syncing is stopped'],
  ['the sync process starts', { engine: { kind: 'starting' } }, 'Starting…'],
  ['nothing is linked', { state: 'not_linked', accounts: [], workspaces: [] }, 'No Dropbox linked'],
  ['some files cannot', { notes: 3 }, "Up to date · last change 14:05 · 3 files can't sync"],
  [
    'one workspace is paused',
    { paused_workspaces: 1, workspaces: [workspace(), photos({ state: 'paused' })] },
    'Up to date · last change 14:05 · 1 workspace paused',
  ],
  [
    'a note after a sentence',
    { state: 'attention', needs_you: 1, notes: 1 },
    "1 thing needs you. Everything else is up to date. 1 file can't sync.",
  ],
]

test.each(LINES)('%s', (_, patch, text) => {
  expect(plain(oneLine(snapshot(patch)))).toBe(text)
})

test('the fixed German lines', () => {
  language.locale = 'de'
  expect(headline(snapshot()).title).toBe('Alles auf dem neuesten Stand')
  expect(headline(snapshot({ state: 'syncing', progress })).title).toBe('12 Dateien werden synchronisiert')
  expect(headline(snapshot({ state: 'paused', paused_until: at('15:30') })).title).toBe(
    'Angehalten bis 15:30',
  )
  expect(headline(snapshot({ state: 'attention', needs_you: 2 })).title).toBe(
    '2 Punkte brauchen Ihre Entscheidung',
  )
  expect(headline(snapshot({ state: 'not_linked' })).title).toBe('Kein Dropbox-Konto verknüpft')
})

test('pauses end when they say', () => {
  const now = new Date(2025, 4, 12, 14, 5)
  expect(pauseEnd('quarter', now)).toBe(new Date(2025, 4, 12, 14, 20).toISOString())
  expect(pauseEnd('hour', now)).toBe(new Date(2025, 4, 12, 15, 5).toISOString())
  expect(pauseEnd('tomorrow', now)).toBe(new Date(2025, 4, 13, 7, 0).toISOString())
  expect(pauseEnd('open', now)).toBeNull()
})
