/**
 * Builds the windows of Lockstep from one page.
 *
 * Rule: the bundle of the product holds no fixtures; they come in only with `VITE_FIXTURES=1`.
 */
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [svelte()],
  // Tauri serves the files from the root of its own scheme, the screenshot runner from a folder.
  base: './',
  clearScreen: false,
  server: { host: '127.0.0.1' },
  build: {
    target: ['es2022', 'safari16'],
    // A data: font or script would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
    emptyOutDir: true,
  },
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    setupFiles: ['./tests/setup.ts'],
    env: { TZ: 'UTC' },
  },
})
