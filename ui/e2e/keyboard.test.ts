/** Whole errands by keyboard alone: linking, a conflict, a setting. */
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { open, useBrowser } from './browser'
import { press, reach } from './keyboard'
import { base, type WindowKind } from './looks'

useBrowser()

async function errand(fixture: string, kind: WindowKind, run: (page: Page) => Promise<void>): Promise<void> {
  const { page, complaints, close } = await open(fixture, kind, base, 'real')
  await run(page)
  expect(complaints).toEqual([])
  await close()
}

/** The heading of the page, once it is this one. */
const heading = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('heading', { level: 1, name }).waitFor()

/** Reads from the app in memory. */
const conflictsLeft = (page: Page): Promise<string[]> =>
  page.evaluate(() => (window.lockstep?.world.conflicts ?? []).map(({ path }) => path))

// One after the other: expectations that wait belong to the one test that runs.
describe('by keyboard alone', () => {
  test('one gets from the welcome to a workspace that syncs', () =>
    errand('wizard-welcome.default', 'wizard', async (page) => {
      await press(page, 'button', 'Link Dropbox')
      await heading(page, 'Link your Dropbox')
      await press(page, 'button', 'Paste a code instead')
      await reach(page, 'textbox', 'Code from Dropbox')
      await page.keyboard.type('abcdefgh12345678')
      await page.keyboard.press('Enter')

      await heading(page, 'Folders')
      await press(page, 'button', 'Pick Dropbox folder')
      await press(page, 'button', 'New folder')
      await page.keyboard.type('Projects')
      await page.keyboard.press('Enter')
      await page.getByRole('treeitem', { name: 'Projects' }).waitFor()
      await press(page, 'button', 'Choose this folder')
      await press(page, 'button', 'Pick local folder')
      await press(page, 'button', 'Next')

      await heading(page, 'Choose what to sync')
      await press(page, 'button', 'Next')
      await heading(page, 'Review')
      await press(page, 'button', 'Start')
      await heading(page, 'Syncing has started.')
      const made = await page.evaluate(() =>
        window.lockstep?.world.snapshot.workspaces.map((one) => one.remote),
      )
      expect(made).toEqual(['/Projects'])
    }))

  test('Esc leaves the wizard without a question', () =>
    errand('wizard-link.own-key', 'wizard', async (page) => {
      await page.keyboard.press('Escape')
      await expect.poll(() => page.evaluate(() => window.lockstep?.world.asked)).toContain('close_window')
    }))

  test('a conflict is decided with a digit and Ctrl+Enter, and the next one is shown', () =>
    errand('conflicts.edit-edit-text', 'conflicts', async (page) => {
      const before = await conflictsLeft(page)
      await page.keyboard.press('1')
      await page.keyboard.press('Control+Enter')
      await expect.poll(() => conflictsLeft(page)).toEqual(before.slice(1))
      await page.getByRole('status').filter({ hasText: "this computer's version of" }).waitFor()
    }))

  test('overlaps are decided with letters before a merge can be applied', () =>
    errand('conflicts.merge-open', 'conflicts', async (page) => {
      const before = await conflictsLeft(page)
      await page.keyboard.press('Control+Enter')
      expect(await conflictsLeft(page)).toEqual(before)
      for (const letter of ['h', 'd', 'b']) {
        await page.keyboard.press(letter)
        await page.keyboard.press('n')
      }
      await page.getByText('3 of 3 decided').first().waitFor()
      await page.keyboard.press('Control+Enter')
      await expect.poll(() => conflictsLeft(page)).toEqual(before.slice(1))
    }))

  test('a setting is changed with Space, said to be saved, and taken back with Ctrl+Z', () =>
    errand('notifications.default', 'main', async (page) => {
      const hidden = (): Promise<boolean | undefined> =>
        page.evaluate(() => window.lockstep?.world.settings.hide_names)
      await reach(page, 'switch', 'Hide file names')
      await page.keyboard.press('Space')
      await page.getByRole('status').filter({ hasText: 'Saved' }).waitFor({ state: 'attached' })
      expect(await hidden()).toBe(true)
      await page.keyboard.press('Control+z')
      await expect.poll(hidden).toBe(false)
    }))

  test('pages are opened with Ctrl and their number, and the list of shortcuts with F1', () =>
    errand('overview.synced', 'main', async (page) => {
      await page.keyboard.press('Control+2')
      await heading(page, 'Files')
      await page.keyboard.press('Control+Comma')
      await heading(page, 'General')
      await page.keyboard.press('F1')
      await page.getByRole('dialog').waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }))
})
