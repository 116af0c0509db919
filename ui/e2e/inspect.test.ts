/** The checks themselves: what they must find, and what they must leave alone. */
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { blank, useBrowser } from './browser'
import { accessibility, clippedTexts, sideways } from './inspect'

useBrowser()

let page: Page
beforeEach(async () => {
  page = await blank()
})
afterEach(() => page.context().close())

async function body(html: string): Promise<void> {
  await page.setContent(`<!doctype html><html lang="en"><title>Page</title><main><h1>Page</h1>${html}</main>`)
}

describe('a text that cannot be read whole', () => {
  test.each([
    [
      'by an ellipsis',
      '<p style="width:5rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap">A long sentence</p>',
    ],
    [
      'by an edge further out',
      '<div style="width:5rem;overflow:hidden"><p style="width:20rem;white-space:nowrap">A long sentence</p></div>',
    ],
    ['below', '<div style="height:1rem;overflow:hidden"><p>One</p><p>Two</p></div>'],
    [
      'by running out of its button',
      '<button style="width:3rem;white-space:nowrap">A long sentence</button>',
    ],
  ])('is found: %s', async (_, html) => {
    await body(html)
    expect(await clippedTexts(page)).not.toEqual([])
  })

  test.each([
    [
      'it may shorten',
      '<p data-shortens style="width:5rem;overflow:hidden;white-space:nowrap">A long sentence</p>',
    ],
    [
      'it can be scrolled to',
      '<div style="height:2rem;overflow-y:auto"><p>One</p><p>Two</p><p>Three</p></div>',
    ],
    [
      'it may be scrolled sideways',
      '<div data-sideways style="width:5rem;overflow:auto"><p style="width:20rem">A long sentence</p></div>',
    ],
    [
      'only screen readers get it',
      '<p style="position:absolute;width:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap">A long sentence</p>',
    ],
    ['it wraps', '<p style="width:5rem">A long sentence that wraps</p>'],
    [
      'it is not shown',
      '<div style="width:1rem;overflow:hidden"><p style="visibility:hidden">A long sentence</p></div>',
    ],
  ])('is no complaint when %s', async (_, html) => {
    await body(html)
    expect(await clippedTexts(page)).toEqual([])
  })
})

describe('what has to be scrolled sideways', () => {
  test('is found when it is content, and when it runs out of the window', async () => {
    await body('<div style="overflow:auto;width:10rem"><p style="width:20rem">Text</p></div>')
    expect(await sideways(page)).not.toEqual([])
    await body('<div style="overflow:hidden;width:100%"><button style="margin-left:99vw">Save</button></div>')
    expect(await sideways(page)).not.toEqual([])
  })

  test('is no complaint where that was said', async () => {
    await body('<div data-sideways style="overflow:auto;width:10rem"><p style="width:20rem">Text</p></div>')
    expect(await sideways(page)).toEqual([])
  })
})

test('a control without a name and a text that is too pale are found', async () => {
  await body('<button></button><p style="color:#bbb;background:#fff">Pale</p>')
  const found = (await accessibility(page, 'all')).join('\n')
  expect(found).toContain('button-name')
  expect(found).toContain('color-contrast')
  await body('<button>Save</button>')
  expect(await accessibility(page, 'all')).toEqual([])
})
