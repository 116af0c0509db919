/** Serves the bundle with fixtures while tests run. */
import { preview } from 'vite'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the windows are served, without a slash at the end. */
    origin: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const outDir = process.env.LOCKSTEP_E2E_BUNDLE
  if (!outDir) throw new Error('start the tests with: npm run e2e')
  const server = await preview({
    logLevel: 'error',
    build: { outDir },
    preview: { host: '127.0.0.1', port: 4180, strictPort: false },
  })
  const address = server.httpServer.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  project.provide('origin', `http://127.0.0.1:${address.port}`)
  return () => server.close()
}
