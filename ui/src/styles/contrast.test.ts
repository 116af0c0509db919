/** Recomputes the contrast (WCAG relative luminance) of the token pairs that are used, in all four looks. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

type Tokens = Record<string, string>

const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8')

/** The declarations of one block of the style sheet. */
function block(selector: string): Tokens {
  const start = css.indexOf(`${selector} {`)
  expect(start, selector).toBeGreaterThanOrEqual(0)
  const body = css.slice(start, css.indexOf('\n}', start))
  return Object.fromEntries([...body.matchAll(/--([a-z0-9-]+):\s*([^;]+);/g)].map((m) => [m[1], m[2]]))
}

const light = block(':root')
const dark = { ...light, ...block(":root[data-theme='dark']") }
const lightMore = { ...light, ...block(":root[data-contrast='more']") }
const darkMore = {
  ...dark,
  ...block(":root[data-contrast='more']"),
  ...block(":root[data-theme='dark'][data-contrast='more']"),
}

function colour(tokens: Tokens, name: string): string {
  const value = tokens[name] ?? ''
  const alias = /^var\(--([a-z0-9-]+)\)$/.exec(value)
  return alias?.[1] ? colour(tokens, alias[1]) : value
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

const GROUNDS = ['page', 'surface', 'sunken']
const TEXTS = ['text', 'text-2', 'text-3', 'accent', 'accent-hover', 'ok', 'warn', 'danger', 'info']
const SOFT: [string, string][] = [
  ['accent', 'accent-soft'],
  ['ok', 'ok-soft'],
  ['warn', 'warn-soft'],
  ['danger', 'danger-soft'],
  ['info', 'info-soft'],
  ['ok', 'added'],
  ['danger', 'removed'],
  ['warn', 'overlap'],
]

const textPairs: [string, string][] = [
  ...GROUNDS.flatMap((ground) => TEXTS.map((text): [string, string] => [text, ground])),
  ...SOFT,
  ...SOFT.map(([, ground]): [string, string] => ['text', ground]),
  ['on-accent', 'accent'],
  ['on-accent', 'accent-hover'],
  ['on-danger', 'danger'],
  // A toast is the page turned round.
  ['surface', 'text'],
]

describe.each([
  ['light', light],
  ['dark', dark],
  ['light with more contrast', lightMore],
  ['dark with more contrast', darkMore],
])('in %s', (_, tokens) => {
  test.each(textPairs)('%s can be read on %s', (text, ground) => {
    expect(contrast(colour(tokens, text), colour(tokens, ground))).toBeGreaterThanOrEqual(4.5)
  })

  test.each(GROUNDS)('edges of controls can be seen on %s', (ground) => {
    expect(contrast(colour(tokens, 'control'), colour(tokens, ground))).toBeGreaterThanOrEqual(3)
  })
})

test('the measure agrees with the specification', () => {
  expect(contrast(colour(light, 'text'), colour(light, 'surface'))).toBeCloseTo(16.8, 1)
  expect(contrast(colour(dark, 'accent'), colour(dark, 'page'))).toBeCloseTo(8.5, 1)
})
