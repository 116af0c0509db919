/** Which keys do what. */
import { expect, test } from 'vitest'
import { nextArea } from './areas'
import { commandOf, isTyping } from './keys'
import { Typeahead } from './typeahead'

const press = (key: string, patch: object = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...patch,
})
const control = { ctrlKey: true }

test('Ctrl and a digit opens a page', () => {
  expect(commandOf(press('3', control), false, false)).toEqual({ name: 'page', index: 2 })
  expect(commandOf(press('0', control), false, false)).toBeNull()
  expect(commandOf(press('3'), false, false)).toBeNull()
})

test('a Mac uses Command instead of Ctrl', () => {
  expect(commandOf(press(',', { metaKey: true }), true, false)).toEqual({ name: 'general' })
  expect(commandOf(press(',', control), true, false)).toBeNull()
})

test('Ctrl+Z belongs to the text while somebody types', () => {
  expect(commandOf(press('z', control), false, false)).toEqual({ name: 'undo' })
  expect(commandOf(press('z', control), false, true)).toBeNull()
  const field = document.createElement('input')
  expect(isTyping(field)).toBe(true)
  field.type = 'checkbox'
  expect(isTyping(field)).toBe(false)
})

test('F6 goes round the areas in both directions and passes over empty ones', () => {
  document.body.innerHTML = `
    <nav data-area><a href="#1" id="a">1</a></nav>
    <div data-area><p>nothing to focus</p></div>
    <main data-area><button id="b">2</button></main>`
  const [a, b] = ['a', 'b'].map((id) => document.getElementById(id))
  const step = (from: Element | null | undefined, way: 1 | -1) => {
    nextArea(document, from ?? null, way)
    return document.activeElement
  }
  expect(step(a, 1)).toBe(b)
  expect(step(b, 1)).toBe(a)
  expect(step(a, -1)).toBe(b)
  expect(step(null, 1)).toBe(a)
  expect(step(null, -1)).toBe(b)
})

test('letters typed together are one word, letters apart move on', () => {
  const names = ['Alpha', 'Beta', 'Bravo', 'Brave']
  const typed = new Typeahead()
  expect(typed.find('b', 0, 0, names)).toBe(1)
  expect(typed.find('r', 100, 1, names)).toBe(2)
  expect(typed.find('b', 2000, 2, names)).toBe(3)
  expect(typed.find('x', 4000, 3, names)).toBeNull()
})
