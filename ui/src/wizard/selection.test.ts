/** Boxes of the choice tree, sizes, and the names that are proposed. */
import { describe, expect, test } from 'vitest'
import type { RemoteEntry } from '../platform'
import { below, folderNameProblem, folderTexts, join, proposeLocal, proposeName } from './folders'
import { folderCheck } from '../platform/fixtures/sample'
import { nodeAt, treeOf, withChildren } from './nodes'
import { checkedOf, inside, toggle } from './selection'
import { Sizes } from './sizes.svelte'

const TREE: Record<string, string[]> = {
  '/P': ['/P/A', '/P/B'],
  '/P/A': ['/P/A/1', '/P/A/2'],
  '/P/A/1': ['/P/A/1/x', '/P/A/1/y'],
}
const children = (path: string): string[] => TREE[path] ?? []

describe('boxes', () => {
  test('follow the excluded folders above and below', () => {
    const excludes = ['/P/A/1']
    expect(checkedOf('/P', excludes)).toBe('mixed')
    expect(checkedOf('/P/A/1', excludes)).toBe(false)
    expect(checkedOf('/P/A/1/x', excludes)).toBe(false)
    expect(checkedOf('/P/A/2', excludes)).toBe(true)
    expect(checkedOf('/P/B', excludes)).toBe(true)
  })

  test('do not take a longer name for something inside, and take capitals as Dropbox does', () => {
    expect(inside('/Projects/A', '/Project')).toBe(false)
    expect(inside('/anything', '/')).toBe(true)
    expect(checkedOf('/p/a/X', ['/P/A'])).toBe(false)
  })

  test('leave a folder out, and forget what was left out inside it', () => {
    expect(toggle('/P/A', '/P', ['/P/A/1/x'], children)).toEqual([])
    expect(toggle('/P/A', '/P', [], children)).toEqual(['/P/A'])
    expect(toggle('/P/A/1', '/P', ['/P/B'], children)).toEqual(['/P/B', '/P/A/1'])
  })

  test('bring one folder back out of a larger one and leave its neighbours out', () => {
    expect(toggle('/P/A/1/x', '/P', ['/P/A'], children).toSorted()).toEqual(['/P/A/1/y', '/P/A/2'])
    expect(toggle('/P/A', '/P', ['/P/A', '/P/B'], children)).toEqual(['/P/B'])
  })

  test('of the top leave out its folders, never the top itself', () => {
    expect(toggle('/P', '/P', [], children)).toEqual(['/P/A', '/P/B'])
    expect(toggle('/P', '/P', ['/P/A', '/P/B'], children)).toEqual([])
  })
})

describe('sizes', () => {
  const folder = (path: string, size: number | null = null): RemoteEntry => ({
    name: path,
    path,
    is_folder: true,
    size,
  })
  const file = (path: string, size: number): RemoteEntry => ({ name: path, path, is_folder: false, size })
  const levels: Record<string, RemoteEntry[]> = {
    '/P': [folder('/P/A'), folder('/P/B', 100), file('/P/f', 5)],
    '/P/A': [file('/P/A/g', 7)],
  }

  test('are unknown until all of a folder is known', async () => {
    const sizes = new Sizes((path) => Promise.resolve(levels[path] ?? []))
    await sizes.level('/P')
    expect(sizes.of('/P')).toBeNull()
    await sizes.count('/P')
    expect(sizes.of('/P')).toBe(112)
    expect(sizes.selected('/P', ['/P/B'])).toBe(12)
    expect(sizes.selected('/P', ['/P/A'])).toBe(105)
  })

  test('stay unknown where a level cannot be read, and each level is read once', async () => {
    const read: string[] = []
    const sizes = new Sizes((path) => {
      read.push(path)
      return path === '/P/A' ? Promise.reject(new Error('offline')) : Promise.resolve(levels[path] ?? [])
    })
    await sizes.level('/P')
    await sizes.count('/P')
    expect(sizes.of('/P')).toBeNull()
    expect(read).toEqual(['/P', '/P/A'])
    expect(sizes.counting).toBe(false)
  })
})

describe('folders', () => {
  test('are proposed by the name of the Dropbox folder', () => {
    expect(proposeLocal('/home/anna', '/')).toBe('/home/anna/Dropbox (Lockstep)')
    expect(proposeLocal('C:\\Users\\Anna', '/Team/Projects')).toBe('C:\\Users\\Anna\\Projects')
    expect(proposeName('/')).toBe('Dropbox')
    expect(proposeName('/Team/Projects')).toBe('Projects')
  })

  test('are named as the workspace sees them', () => {
    expect(below('/', '/Photos')).toBe('/Photos')
    expect(below('/Projects', '/Projects/Media/Raw')).toBe('/Media/Raw')
    expect(join('/', 'New')).toBe('/New')
    expect(join('/A', 'New')).toBe('/A/New')
  })

  test('refuse names that cannot be or are taken', () => {
    expect(folderNameProblem(' ', [])).toBe('wizard.picker.name_empty')
    expect(folderNameProblem('a/b', [])).toBe('wizard.picker.name_slash')
    expect(folderNameProblem('photos', ['Photos'])).toBe('wizard.picker.name_taken')
    expect(folderNameProblem('Photos 2', ['Photos'])).toBeNull()
  })

  test('say on the right side what speaks against them', () => {
    const texts = folderTexts(
      folderCheck({
        problems: [
          { code: 'nested_remote', detail: 'Clients' },
          { code: 'dropbox_app', detail: null },
        ],
        warnings: [{ code: 'network_disk', detail: null }],
      }),
    )
    expect(texts.remote).toContain('Clients')
    expect(texts.local).toContain("Dropbox's own app already syncs this folder.")
    expect(texts.warning).toContain('every 10 minutes')
    expect(folderTexts(null)).toEqual({ remote: null, local: null, warning: null })
  })

  test('take in a level of the tree in its place only', () => {
    const leaf = { id: '/A', name: 'A', size: null }
    const tree = withChildren(treeOf('/', 'Dropbox', [leaf, { ...leaf, id: '/B' }]), '/A', [
      { ...leaf, id: '/A/1' },
    ])
    expect(nodeAt(tree, '/A/1')?.id).toBe('/A/1')
    expect(nodeAt(tree, '/B')?.children).toBeUndefined()
    expect(nodeAt(tree, '/nowhere')).toBeNull()
  })
})
