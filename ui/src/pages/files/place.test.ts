/** Which folder the Files page shows. */
import { expect, test } from 'vitest'
import type { Entry } from '../../platform'
import { filesRoute, placeOf, shown } from './place'

const entry = (name: string, is_folder = false): Entry => ({
  name,
  path: name,
  is_folder,
  status: 'synced',
  size: 1,
  modified: null,
  issue: null,
})

test('a route names a workspace and a folder in it', () => {
  const workspaces = [{ id: 'w1' }, { id: 'w2' }]
  expect(placeOf('w2/Reports/2025', workspaces)).toEqual({ workspace: 'w2', folder: 'Reports/2025' })
  expect(placeOf('', workspaces)).toEqual({ workspace: 'w1', folder: '' })
  expect(placeOf('gone/Reports', workspaces)).toEqual({ workspace: 'w1', folder: '' })
  expect(placeOf('', [])).toEqual({ workspace: '', folder: '' })
})

test('a route leads back to its folder', () => {
  expect(placeOf(filesRoute('w1', 'a/b').slice('files/'.length), [{ id: 'w1' }]).folder).toBe('a/b')
})

test('folders come first and numbers are counted, not spelled', () => {
  const list = [entry('Notes 10.md'), entry('Notes 2.md'), entry('zebra', true)]
  expect(shown(list, '').map(({ name }) => name)).toEqual(['zebra', 'Notes 2.md', 'Notes 10.md'])
  expect(shown(list, ' NOTES 2').map(({ name }) => name)).toEqual(['Notes 2.md'])
})
