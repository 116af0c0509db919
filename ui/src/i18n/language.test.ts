/** Languages and their choice. */
import { afterEach, expect, test } from 'vitest'
import { isKey, language, resolveLocale, t } from './index.svelte'

afterEach(() => {
  language.locale = 'en'
})

test('the first language of the computer that we speak is taken, otherwise English', () => {
  expect(resolveLocale('system', ['fr-FR', 'de-AT', 'en'])).toBe('de')
  expect(resolveLocale('system', ['fr-FR'])).toBe('en')
  expect(resolveLocale('de', ['en-US'])).toBe('de')
})

test('numbers are grouped as the language does it', () => {
  expect(t('overview.status.syncing', { n: 12_345 })).toBe('Syncing 12,345 files')
  language.locale = 'de'
  expect(t('overview.status.syncing', { n: 12_345 })).toBe('12.345 Dateien werden synchronisiert')
  expect(t('overview.status.syncing', { n: 1 })).toBe('1 Datei wird synchronisiert')
})

test('the pseudo-language shows which texts do not come from the catalogue', () => {
  language.locale = 'en-XA'
  expect(t('overview.nav.overview')).toBe('[Óvéřvíéw ~ ~]'.replace('ř', 'r'))
})

test('what is no key is told apart', () => {
  expect(isKey('overview.nav.overview')).toBe(true)
  expect(isKey('toString')).toBe(false)
})
