/** The catalogue is complete: every language, every argument, nothing unused. */
import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const HERE = import.meta.dirname
const SOURCES = join(HERE, '..')

type Catalogue = Record<string, string>

function read(file: string): Catalogue {
  return JSON.parse(readFileSync(join(HERE, file), 'utf8')) as Catalogue
}

const areas = readdirSync(HERE)
  .filter((name) => name.endsWith('.en.json'))
  .map((name) => name.replace('.en.json', ''))

/** Names of the arguments and how each is used, as `name:kind`. */
function argumentsOf(text: string): string[] {
  const found = new Set<string>()
  const walk = (elements: MessageFormatElement[]): void => {
    for (const element of elements) {
      if (element.type === TYPE.literal || element.type === TYPE.pound) continue
      if (element.type === TYPE.tag) continue
      found.add(element.value)
      if (element.type === TYPE.select || element.type === TYPE.plural) {
        for (const option of Object.values(element.options)) walk(option.value)
      }
    }
  }
  walk(parse(text, { ignoreTag: true }))
  return [...found].sort()
}

describe.each(areas)('messages of %s', (area) => {
  const en = read(`${area}.en.json`)
  const de = read(`${area}.de.json`)

  test('have the same keys in both languages, all of this area', () => {
    expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort())
    for (const key of Object.keys(en)) expect(key.startsWith(`${area}.`), key).toBe(true)
  })

  test('can be parsed, and take the same arguments in both languages', () => {
    for (const [key, text] of Object.entries(en)) {
      expect(text.trim(), key).not.toBe('')
      expect(argumentsOf(de[key] ?? ''), key).toEqual(argumentsOf(text))
    }
  })
})

/** All source files that may name a message of the windows. */
function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(svelte|ts)$/.test(entry.name))
    .filter((entry) => !entry.name.endsWith('.test.ts') && entry.name !== 'bindings.ts')
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Turns `` `issues.${code}.text` `` into a pattern of the keys it can mean. */
function patternOf(template: string): RegExp {
  const escaped = template
    .split(/\$\{[^}]*\}/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[a-z0-9_]+')
  return new RegExp(`^${escaped}$`)
}

test('no message of the windows is left without a use', () => {
  const text = sourceFiles(SOURCES)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  const literals = new Set([...text.matchAll(/['"]([a-z_]+(?:\.[a-z0-9_]+)+)['"]/g)].map((m) => m[1]))
  const patterns = [...text.matchAll(/`([a-z_]+\.[^`\s]*\$\{[^`]*)`/g)].map((m) => patternOf(m[1] ?? ''))
  const unused = areas
    .filter((area) => area !== 'tray' && area !== 'notify')
    .flatMap((area) => Object.keys(read(`${area}.en.json`)))
    .filter((key) => !literals.has(key) && !patterns.some((pattern) => pattern.test(key)))
  expect(unused).toEqual([])
})
