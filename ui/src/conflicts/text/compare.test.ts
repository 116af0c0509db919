import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countLines, hunks } from './compare'
import { markWords, similarity } from './words'
import { diffRows, pair, type DiffRow } from './rows'

const lines = fc.array(fc.constantFrom('', 'a', 'b', 'c', 'd', 'e'), { maxLength: 40 })

test('hunks turn one text into the other, in order and apart from each other', () => {
  fc.assert(
    fc.property(lines, lines, (a, b) => {
      const made: string[] = []
      let at = 0
      let last = -1
      for (const hunk of hunks(a, b)) {
        expect(hunk.a).toBeGreaterThan(last)
        made.push(...a.slice(at, hunk.a), ...b.slice(hunk.b, hunk.bEnd))
        at = last = hunk.aEnd
      }
      expect([...made, ...a.slice(at)]).toEqual(b)
    }),
  )
})

test('equal texts have no hunks', () => {
  expect(hunks(['a', 'b'], ['a', 'b'])).toEqual([])
})

test('20,000 lines that differ everywhere, a third of them blank, are compared all the same', () => {
  const text = (word: string): string[] =>
    Array.from({ length: 20_000 }, (_, index) => (index % 3 === 0 ? '' : `${word} ${index}`))
  const found = hunks(text('one'), text('other'))
  expect(found.length).toBeGreaterThan(0)
})

test('what takes too many steps counts as changed altogether', () => {
  const shuffled = Array.from({ length: 20_000 }, (_, index) => String((index * 7919) % 20_000))
  const found = hunks(
    shuffled,
    Array.from({ length: 20_000 }, (_, index) => String(index)),
  )
  expect(found.every(({ a, aEnd }) => aEnd >= a)).toBe(true)
})

test('lines that are new and lines that are gone are counted', () => {
  expect(countLines(['a', 'b', 'c'], ['a', 'X', 'Y', 'c'])).toEqual({ added: 2, removed: 1 })
})

const marked = (line: string, other: string): string[] =>
  markWords(line, other)
    .filter((piece) => piece.marked)
    .map((piece) => piece.text)

test('words that differ are marked, with neighbours joined', () => {
  expect(marked('for October.', 'for September.')).toEqual(['October'])
  expect(marked('The budget is 4,200 €', 'The budget is 4,500 €')).toEqual(['4,200'])
  expect(marked('- Book movers by 15 July', '- Book movers before June')).toEqual(['by 15 July'])
})

test('unrelated lines carry no marks', () => {
  expect(marked('alpha beta', 'gamma delta')).toEqual([])
})

test('pieces of a line are the line', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (line, other) => {
      expect(
        markWords(line, other)
          .map(({ text }) => text)
          .join(''),
      ).toBe(line)
    }),
  )
})

test('similarity is 1 for equal lines and 0 for strangers', () => {
  expect(similarity('one two', 'one two')).toBe(1)
  expect(similarity('one', 'two')).toBe(0)
})

/** Lines that rows show or hide, on one side. */
function covered(rows: DiffRow[], side: 'a' | 'b'): number[] {
  let next = 0
  return rows.flatMap((row) => {
    if (row.kind === 'fold') return Array.from({ length: row.count }, () => next++)
    const index = row[side]
    if (index !== null) next = index + 1
    return index === null ? [] : [index]
  })
}

test('every line is in one row or in one fold, side by side', () => {
  fc.assert(
    fc.property(lines, lines, (a, b) => {
      const rows = diffRows(a, b, { opened: new Set(), layout: 'beside' })
      expect(covered(rows, 'a')).toEqual([...a.keys()])
      expect(covered(rows, 'b')).toEqual([...b.keys()])
    }),
  )
})

test('inline, what Dropbox has comes before what stands here, each line once', () => {
  const rows = diffRows(['x', 'here', 'y'], ['x', 'there', 'y'], { opened: new Set(), layout: 'inline' })
  expect(rows.map((row) => (row.kind === 'line' ? [row.a, row.b, row.against] : row))).toEqual([
    [0, 0, null],
    [null, 1, 1],
    [1, null, 1],
    [2, 2, null],
  ])
})

test('long unchanged parts are folded, two lines from each difference, and open', () => {
  const a = Array.from({ length: 30 }, (_, index) => String(index))
  const b = a.with(15, 'X')
  const closed = diffRows(a, b, { opened: new Set(), layout: 'beside' })
  expect(closed[0]).toEqual({ kind: 'fold', a: 0, count: 13 })
  expect(closed.at(-1)).toEqual({ kind: 'fold', a: 18, count: 12 })
  expect(closed).toHaveLength(2 + 5)
  expect(diffRows(a, b, { opened: new Set([0]), layout: 'beside' })).toHaveLength(1 + 18)
})

test('a text without a difference is not folded away', () => {
  const a = Array.from({ length: 30 }, (_, index) => String(index))
  expect(diffRows(a, a, { opened: new Set(), layout: 'beside' })).toHaveLength(30)
})

test('lines that belong together stand beside each other when one side has more', () => {
  expect(pair(['- Ask for a second offer', '- Book movers by June'], ['- Book movers by July'])).toEqual([
    [0, null],
    [1, 0],
  ])
})
