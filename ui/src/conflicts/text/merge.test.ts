import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compose,
  decided,
  isClear,
  merge,
  mergedByItself,
  type Decision,
  type Merge,
  type Span,
} from './merge'
import { mergeRows } from './merge-rows'

const line = fc.constantFrom('', 'a', 'b', 'c', 'd', 'total 1', 'total 2')
const text = fc.tuple(fc.array(line, { maxLength: 25 }), fc.boolean()).map(([parts, ends]) => {
  const joined = parts.join('\n')
  return ends && parts.length > 0 ? `${joined}\n` : joined
})

/** Every overlap decided alike. */
function all(merged: Merge, decision: Decision): Map<number, Decision> {
  return new Map(merged.overlaps.map((index) => [index, decision]))
}

const composed = (merged: Merge, take: 'local' | 'remote' | 'both'): string | null =>
  compose(merged, all(merged, { take }))

describe('for any three versions', () => {
  test('the regions cover each version completely and in order', () => {
    fc.assert(
      fc.property(text, text, text, (local, base, remote) => {
        const merged = merge(local, base, remote)
        for (const side of ['local', 'base', 'remote'] as const) {
          let at = 0
          for (const region of merged.regions) {
            const span: Span = region[side]
            expect(span.from).toBe(at)
            expect(span.to).toBeGreaterThanOrEqual(at)
            at = span.to
          }
          expect(at).toBe(merged[side].length)
        }
      }),
    )
  })

  test('a region is what it says: equal, changed on one side, changed alike, or changed on both', () => {
    fc.assert(
      fc.property(text, text, text, (local, base, remote) => {
        const merged = merge(local, base, remote)
        const part = (side: 'local' | 'base' | 'remote', span: Span): string =>
          merged[side].slice(span.from, span.to).join('')
        for (const region of merged.regions) {
          const here = part('local', region.local)
          const before = part('base', region.base)
          const there = part('remote', region.remote)
          expect(region.kind, JSON.stringify([here, before, there])).toBe(
            here === before && there === before
              ? 'same'
              : there === before
                ? 'local'
                : here === before
                  ? 'remote'
                  : here === there
                    ? 'agreed'
                    : 'overlap',
          )
        }
      }),
    )
  })

  test('a side that changed nothing gives way to the other completely', () => {
    fc.assert(
      fc.property(text, text, (base, other) => {
        expect(compose(merge(other, base, base), new Map())).toBe(other)
        expect(compose(merge(base, base, other), new Map())).toBe(other)
        expect(compose(merge(other, base, other), new Map())).toBe(other)
      }),
    )
  })

  test('here and Dropbox are mirror images of each other', () => {
    fc.assert(
      fc.property(text, text, text, (local, base, remote) => {
        expect(composed(merge(local, base, remote), 'local')).toBe(
          composed(merge(remote, base, local), 'remote'),
        )
      }),
    )
  })

  test('nothing can be saved while one overlap is undecided', () => {
    fc.assert(
      fc.property(text, text, text, (local, base, remote) => {
        const merged = merge(local, base, remote)
        for (const left of merged.overlaps) {
          const decisions = all(merged, { take: 'local' })
          decisions.delete(left)
          expect(compose(merged, decisions)).toBeNull()
          expect(decided(merged, decisions)).toBe(merged.overlaps.length - 1)
        }
      }),
    )
  })

  test('every line of the result stands in a row or in a fold, numbered without a gap', () => {
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.constantFrom('local', 'remote', 'both'),
        (local, base, remote, take) => {
          const merged = merge(local, base, remote)
          const decisions = all(merged, { take: take as 'local' | 'remote' | 'both' })
          const rows = mergeRows(merged, decisions, { opened: new Set(), showBase: false, editing: null })
          let next = 1
          for (const row of rows) {
            if (row.kind === 'fold') next += row.count
            if (row.kind !== 'lines' || row.result === null || row.result === 'open') continue
            expect(row.result.number).toBe(next)
            next += 1
          }
          expect(next - 1).toBe(merged.regions.length === 0 ? 0 : countOf(compose(merged, decisions) ?? ''))
        },
      ),
    )
  })
})

function countOf(whole: string): number {
  return whole === '' ? 0 : whole.replace(/\n$/, '').split('\n').length
}

/** Blocks of three lines of their own; a change of a block never touches the next. */
const blocks = fc.array(fc.constantFrom('same', 'local', 'remote', 'overlap', 'agreed'), {
  minLength: 1,
  maxLength: 12,
})
const endings = fc.constantFrom('\n', '\r\n', '\r')

test('all "here" is the local text with what Dropbox alone changed, in the local line endings', () => {
  fc.assert(
    fc.property(blocks, endings, fc.boolean(), (plan, end, finalEnd) => {
      const build = (lineOf: (kind: string, index: number) => string): string => {
        const parts = plan.flatMap((kind, index) => [`first ${index}`, lineOf(kind, index), `last ${index}`])
        return parts.join(end) + (finalEnd ? end : '')
      }
      const changedBy = (kind: string, who: string): boolean =>
        kind === who || kind === 'overlap' || kind === 'agreed'
      const base = build((_, index) => `value ${index} before`)
      const word = (kind: string, who: string): string => (kind === 'agreed' ? 'alike' : who)
      const local = build((kind, index) =>
        changedBy(kind, 'local') ? `value ${index} ${word(kind, 'here')}` : `value ${index} before`,
      )
      const remote = build((kind, index) =>
        changedBy(kind, 'remote') ? `value ${index} ${word(kind, 'there')}` : `value ${index} before`,
      )
      const wanted = build((kind, index) => {
        if (kind === 'same') return `value ${index} before`
        return `value ${index} ${kind === 'remote' ? 'there' : word(kind, 'here')}`
      })
      const merged = merge(local, base, remote)
      expect(merged.overlaps).toHaveLength(plan.filter((kind) => kind === 'overlap').length)
      expect(composed(merged, 'local')).toBe(wanted)
    }),
  )
})

test('both puts Dropbox’s lines after those of this computer, each on a line of its own', () => {
  const merged = merge('a\nhere', 'a\nbefore', 'a\nthere')
  expect(composed(merged, 'both')).toBe('a\nhere\nthere')
})

test('an overlap written by hand is saved as it was written, in the line endings of the file', () => {
  const merged = merge('a\r\nhere\r\nb\r\n', 'a\r\nx\r\nb\r\n', 'a\r\nthere\r\nb\r\n')
  expect(compose(merged, all(merged, { take: 'edit', text: 'one\ntwo\n' }))).toBe('a\r\none\r\ntwo\r\nb\r\n')
  expect(compose(merged, all(merged, { take: 'edit', text: '' }))).toBe('a\r\nb\r\n')
  expect(compose(merged, all(merged, { take: 'edit', text: 'no end' }))).toBe('a\r\nno end\r\nb\r\n')
})

test('line endings that one side changed are taken like any other change', () => {
  expect(compose(merge('a\nb\n', 'a\nb\n', 'a\r\nB\r\n'), new Map())).toBe('a\r\nB\r\n')
  expect(compose(merge('a\r\nb\r\n', 'a\nb\n', 'a\nB\n'), new Map())).toBe('a\r\nB\r\n')
})

test('in a file that mixes line endings every line keeps its own', () => {
  const merged = merge('a\r\nb\nc\r\n', 'a\r\nb\nc\n', 'A\r\nb\nc\n')
  expect(merged.overlaps).toEqual([])
  expect(compose(merged, new Map())).toBe('A\r\nb\nc\r\n')
})

test('a missing end of the last line is a change, and is taken', () => {
  expect(compose(merge('a 1\nb\nlast', 'a 1\nb\nlast\n', 'a 2\nb\nlast\n'), new Map())).toBe('a 2\nb\nlast')
})

test('changes of neighbouring lines are told apart when the lines can be recognised', () => {
  const base = 'for September.\nThe budget is 4,000 €\n'
  const merged = merge(
    'for October.\nThe budget is 4,200 €\n',
    base,
    'for September.\nThe budget is 4,500 €\n',
  )
  expect(merged.regions.map(({ kind }) => kind)).toEqual(['local', 'overlap'])
  expect(composed(merged, 'remote')).toBe('for October.\nThe budget is 4,500 €\n')
})

test('a rewritten part stays one decision', () => {
  const merged = merge('one\ntwo\n', 'a b\nc d\n', 'a b\nthree\n')
  expect(merged.regions.map(({ kind }) => kind)).toEqual(['overlap'])
})

describe('a merge that nobody looks at', () => {
  test('is made where the changes lie apart', () => {
    expect(mergedByItself('A\nb\nc\n', 'a\nb\nc\n', 'a\nb\nC\n')).toBe('A\nb\nC\n')
  })

  test('is not made where they overlap', () => {
    expect(mergedByItself('A\n', 'a\n', 'B\n')).toBeNull()
  })

  test('is not made where they touch', () => {
    const merged = merge(
      'the total is 1\nthe rest is 2\n',
      'the total is 0\nthe rest is 2\n',
      'the total is 0\nthe rest is 3\n',
    )
    expect(merged.overlaps).toEqual([])
    expect(isClear(merged)).toBe(false)
  })
})
