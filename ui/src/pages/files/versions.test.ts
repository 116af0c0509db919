import { expect, test } from 'vitest'
import type { FileVersion } from '../../platform'
import { idOf, whereOf } from './versions'

function version(patch: Partial<FileVersion>): FileVersion {
  return {
    place: 'dropbox',
    rev: '0a',
    kept: null,
    time: '2025-05-12T12:00:00Z',
    kept_at: null,
    size: 3,
    who: null,
    only_here: false,
    ...patch,
  }
}

test('a version says where it is, and whether it is there alone', () => {
  expect(whereOf(version({}))).toBe('dropbox')
  expect(whereOf(version({ place: 'now' }))).toBe('now')
  expect(whereOf(version({ place: 'now', only_here: true }))).toBe('now_only')
  expect(whereOf(version({ place: 'kept', only_here: true }))).toBe('kept_only')
})

test('what stands there now cannot be restored, the others by rev or by id', () => {
  expect(idOf(version({ place: 'now' }))).toBeNull()
  expect(idOf(version({}))).toBe('0a')
  expect(idOf(version({ place: 'kept', rev: null, kept: 'w1:7' }))).toBe('w1:7')
})
