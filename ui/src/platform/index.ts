/**
 * Picks what stands behind the windows: the app, or memory for screenshots and tests.
 *
 * Rule: fixtures are reached only behind `VITE_FIXTURES`, so that the product's bundle does not hold them.
 */
import type { Api } from './api'

export * from './types'
export { ApiError, type Api, type Events } from './api'

let current: Api | null = null

/** The app behind this window; [`connect`] or [`useApi`] comes first. */
export function api(): Api {
  if (!current) throw new Error('no platform yet')
  return current
}

/** Puts an implementation in place; tests use it directly. */
export function useApi(implementation: Api): void {
  current = implementation
}

/** Connects this window to the app, or to the fixture that the address names. */
export async function connect(address: URLSearchParams): Promise<Api> {
  if (import.meta.env.VITE_FIXTURES) {
    const fixtures = await import('./fixtures')
    useApi(fixtures.start(address))
  } else {
    const { tauriApi } = await import('./tauri')
    useApi(tauriApi)
  }
  return api()
}
