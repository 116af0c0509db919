import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { comparable, joinLines, lineEnding, mergedEnding, shownLine, splitLines } from './lines'
import { withEndings } from './edited'

/** Texts full of line ends of all kinds. */
export const anyText = fc
  .array(fc.oneof(fc.constantFrom('\n', '\r\n', '\r', ' ', 'a', 'ä€', '\u2028', '\0'), fc.string()), {
    maxLength: 30,
  })
  .map((parts) => parts.join(''))

test('a text split into lines and put together is the same text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(splitLines(text).join('')).toBe(text)
    }),
  )
})

test('every line but the last ends, and has no other end inside', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const line of splitLines(text).slice(0, -1)) expect(line).toMatch(/^[^\r\n]*(\r\n|\n|\r)$/)
    }),
  )
})

test.each([
  ['', 'none'],
  ['one', 'none'],
  ['a\nb\n', 'lf'],
  ['a\r\nb', 'crlf'],
  ['a\rb\r', 'cr'],
  ['a\r\nb\n', 'mixed'],
  ['a\rb\n', 'mixed'],
] as const)('line endings of %j are %s', (text, ending) => {
  expect(lineEnding(text)).toBe(ending)
})

describe('versions made comparable', () => {
  test('differ in nothing when only their uniform endings differ', () => {
    const { lines } = comparable(['a\r\nb\r\n', 'a\nb\n'])
    expect(lines[0]).toEqual(lines[1])
  })

  test('are not touched when one of them mixes endings', () => {
    const { lines, ending } = comparable(['a\r\nb\n', 'a\nb\n'])
    expect(ending).toBe('mixed')
    expect(lines[0]).toEqual(['a\r\n', 'b\n'])
  })

  test('give the very text back that they were made from', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { lines, ending } = comparable([text])
        expect(joinLines(lines[0]!, ending)).toBe(text)
      }),
    )
  })
})

test.each([
  ['lf', 'lf', 'crlf', 'crlf'],
  ['crlf', 'lf', 'lf', 'crlf'],
  ['crlf', 'lf', 'cr', 'crlf'],
  ['lf', 'lf', 'none', 'lf'],
  ['none', 'lf', 'crlf', 'crlf'],
  ['none', 'lf', 'none', 'lf'],
] as const)(
  'a merge of %s here, %s before and %s there ends lines with %s',
  (here, before, there, ending) => {
    expect(mergedEnding(here, before, there)).toBe(ending)
  },
)

test('a last line without an end gets one when another line follows', () => {
  expect(joinLines(['a', 'b\n'], 'crlf')).toBe('a\r\nb\r\n')
  expect(joinLines(['a', 'b'], 'none')).toBe('a\nb')
})

test('what acts on the page without being seen is shown', () => {
  expect(shownLine('if (a\u202e) \tb\r\n')).toBe('if (a\ufffd) \tb')
})

describe('text that went through a field, which knows one ending only', () => {
  const inField = (text: string): string => text.replace(/\r\n?/g, '\n')

  test('is the same text when nothing was typed', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(withEndings(inField(text), text)).toBe(text)
      }),
    )
  })

  test('keeps the endings of all lines that were not touched', () => {
    expect(withEndings('a\nX\nc\nd\n', 'a\r\nb\r\nc\nd\n')).toBe('a\r\nX\r\nc\nd\n')
    expect(withEndings('new\na\nb', 'a\r\nb')).toBe('new\r\na\r\nb')
  })
})
