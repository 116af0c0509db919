import { describe, expect, test } from 'vitest'
import { isKey } from '../i18n/index.svelte'
import type { Conflict, ConflictContent } from '../platform'
import { comparisonOf, noticesOf, tabsOf } from './comparison'
import { copyName, nameProblem } from './copy-name'
import { changedSide, isIdentical, newer } from './facts'
import {
  applyKey,
  doneKey,
  filtersFor,
  optionKey,
  optionsOf,
  passes,
  preselected,
  resultKey,
  type Kind,
} from './kinds'
import { commandOf } from './keys'
import { alike, nextAfter } from './targets'

const kinds: Kind[] = ['edit_edit', 'new_new', 'edit_delete', 'delete_edit', 'move_move', 'type']

describe.each(kinds)('a conflict of kind %s', (kind) => {
  test('preselects something that can be chosen, and never a deletion', () => {
    const options = optionsOf(kind, true)
    expect(options).toContain(preselected(kind))
    expect(`${kind} ${preselected(kind)}`).not.toMatch(/edit_delete remote|delete_edit local/)
  })

  test('has words for everything that can be chosen', () => {
    for (const option of optionsOf(kind, true)) {
      for (const key of [optionKey, applyKey, resultKey, doneKey]) expect(isKey(key(kind, option))).toBe(true)
    }
    for (const key of ['head', 'word', 'same']) expect(isKey(`conflicts.${key}.${kind}`)).toBe(true)
  })

  test('is found by exactly one filter besides "All"', () => {
    const filters = filtersFor([kind]).filter((filter) => filter !== 'all' && passes(kind, filter))
    expect(filters).toHaveLength(1)
  })
})

test('merging is offered only when there is something to merge over', () => {
  expect(optionsOf('edit_edit', false)).toEqual(['local', 'remote', 'both'])
  expect(optionsOf('edit_edit', true)).toEqual(['local', 'remote', 'both', 'merged'])
})

describe('the name of a copy', () => {
  test.each([
    ['Report.md', "Report (lena-laptop's conflicted copy 2025-05-12).md"],
    ['backup.tar.gz', "backup (lena-laptop's conflicted copy 2025-05-12).tar.gz"],
    ['.profile', ".profile (lena-laptop's conflicted copy 2025-05-12)"],
    ['Makefile', "Makefile (lena-laptop's conflicted copy 2025-05-12)"],
    ["Report (old's conflicted copy 2024-01-31).md", "Report (lena-laptop's conflicted copy 2025-05-12).md"],
    [
      "Report (old's conflicted copy 2024-01-31) (2).md",
      "Report (lena-laptop's conflicted copy 2025-05-12).md",
    ],
    ['Report (2).md', "Report (2) (lena-laptop's conflicted copy 2025-05-12).md"],
  ])('of %s', (name, copy) => {
    expect(copyName(name, 'lena-laptop', '2025-05-12')).toBe(copy)
  })

  test.each([
    ['', 'empty'],
    ['..', 'empty'],
    ['a/b', 'slash'],
    ['a\\b', 'slash'],
    ['a\u202eb', 'characters'],
    ['a ', 'characters'],
    ['REPORT.md', 'same'],
    ['ä'.repeat(128), 'long'],
    ['Mine.md', null],
  ] as const)('%j is refused because: %s', (name, problem) => {
    expect(nameProblem(name, 'Report.md')).toBe(problem)
  })
})

const version = { rev: 'r1', content_hash: 'h1', size: 1, modified: '2025-05-12T14:02:00+02:00', who: null }
const conflict: Conflict = {
  id: 'c',
  workspace: 'w1',
  path: 'a.md',
  kind: 'edit_edit',
  detected_at: '',
  keep_both_at: null,
  base: version,
  local: version,
  remote: { ...version, modified: '2025-05-12T11:40:00Z' },
}

describe('facts', () => {
  test('times of different zones are compared as moments', () => {
    expect(newer(conflict)).toBe('local')
    expect(newer({ ...conflict, local: { ...version, modified: null } })).toBeNull()
    expect(newer({ ...conflict, remote: null })).toBeNull()
  })

  test('a version changed when its hash, revision or existence did', () => {
    expect(changedSide(conflict, { ...conflict })).toBeNull()
    expect(changedSide(conflict, { ...conflict, local: { ...version, content_hash: 'h2' } })).toBe('local')
    expect(changedSide(conflict, { ...conflict, remote: null })).toBe('remote')
  })

  test('content is told to be identical only by two hashes', () => {
    expect(isIdentical(conflict)).toBe(true)
    expect(isIdentical({ ...conflict, local: { ...version, content_hash: null } })).toBeNull()
  })
})

const text = (content: string, encoding = 'UTF-8') =>
  ({ kind: 'text', text: content, encoding, line_ending: 'lf' }) as const
const image = { kind: 'image', mime: 'image/png', data_url: 'data:image/png;base64,' } as const

describe('what can be looked at', () => {
  const tabs = (content: ConflictContent, of = conflict): string[] =>
    tabsOf(of, content, comparisonOf(of, content))

  test.each<[string, ConflictContent, string[]]>([
    [
      'texts with a common version',
      { local: text('a'), base: text('b'), remote: text('c') },
      ['differences', 'merge', 'preview', 'details'],
    ],
    [
      'texts without one',
      { local: text('a'), base: null, remote: text('c') },
      ['differences', 'preview', 'details'],
    ],
    ['pictures', { local: image, base: null, remote: image }, ['preview', 'details']],
    [
      'other files',
      { local: { kind: 'binary' }, base: null, remote: { kind: 'binary' } },
      ['preview', 'details'],
    ],
    [
      'large files',
      { local: { kind: 'too_large' }, base: null, remote: text('a') },
      ['differences', 'details'],
    ],
    [
      'more than 20,000 lines',
      { local: text('a\n'.repeat(20_001)), base: text('a'), remote: text('b') },
      ['differences', 'details'],
    ],
    [
      'a failed download',
      { local: text('a'), base: text('b'), remote: { kind: 'unavailable', message: 'x' } },
      ['differences', 'details'],
    ],
  ])('%s', (_, content, expected) => {
    expect(tabs(content)).toEqual(expected)
  })

  test('a version whose other side was deleted is compared with the common one', () => {
    const gone = { ...conflict, kind: 'edit_delete', remote: null } as const
    const content: ConflictContent = {
      local: text('a'),
      base: text('b'),
      remote: { kind: 'unavailable', message: 'deleted' },
    }
    expect(comparisonOf(gone, content)).toMatchObject({ kind: 'text', places: ['local', 'base'] })
    expect(tabs(content, gone)).toEqual(['differences', 'preview', 'details'])
  })

  test('encodings and line endings are named only where they differ', () => {
    expect(noticesOf(text('a\nb'), text('a\nb'))).toEqual({ encodings: null, endings: null })
    expect(noticesOf(text('a\nb'), text('a\r\nb', 'UTF-16 LE'))).toEqual({
      encodings: ['UTF-8', 'UTF-16 LE'],
      endings: ['lf', 'crlf'],
    })
  })
})

describe('files', () => {
  const list = [
    conflict,
    { ...conflict, id: 'd' },
    { ...conflict, id: 'e', workspace: 'w2' },
    { ...conflict, id: 'f', kind: 'new_new' as const },
  ]

  test('are alike when kind and workspace are', () => {
    expect(alike(list, conflict).map(({ id }) => id)).toEqual(['d'])
  })

  test('the next one is the one below, then the one above', () => {
    expect(nextAfter(list, 'c', ['c'])).toBe('d')
    expect(nextAfter(list, 'f', ['f'])).toBe('e')
    expect(nextAfter(list, 'c', ['c', 'd', 'e', 'f'])).toBeNull()
  })
})

describe('keys', () => {
  const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...more,
  })
  const free = { typing: false, letters: true, merging: true }

  test('do what the table says', () => {
    expect(commandOf(press('3'), free)).toEqual({ name: 'choose', index: 2 })
    expect(commandOf(press('j'), free)).toEqual({ name: 'file', step: 1 })
    expect(commandOf(press('ArrowUp', { altKey: true }), free)).toEqual({ name: 'file', step: -1 })
    expect(commandOf(press('N', { shiftKey: true }), free)).toEqual({ name: 'difference', step: -1 })
    expect(commandOf(press('d'), free)).toEqual({ name: 'take', side: 'remote' })
    expect(commandOf(press('Enter', { ctrlKey: true }), free)).toEqual({ name: 'apply' })
  })

  test('without Ctrl do nothing while somebody types, or when they are turned off', () => {
    for (const key of ['1', 'j', 'a', 's', 'h', 'n']) {
      expect(commandOf(press(key), { ...free, typing: true })).toBeNull()
      expect(commandOf(press(key), { ...free, letters: false })).toBeNull()
    }
    expect(commandOf(press('Enter', { ctrlKey: true }), { ...free, typing: true })).toEqual({ name: 'apply' })
  })

  test('of the merge do nothing elsewhere', () => {
    expect(commandOf(press('h'), { ...free, merging: false })).toBeNull()
  })
})
