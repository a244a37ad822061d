import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { ownNames } from './scripts/own-names.mjs';
import { maiaKernel } from './src/vite/index.ts';

const relay = { port: Number(process.env['RELAY_PORT'] ?? 4203) };

// Configures the demo like any Svelte app with the plugin. The package's own names resolve to its source (tsconfig.json).
export default defineConfig({
  root: 'demo',
  envDir: import.meta.dirname,
  plugins: [svelte({ configFile: false }), maiaKernel({ relay })],
  resolve: { alias: [...ownNames] },
  // WebAuthn refuses an IP address, so the page has to be opened at `localhost`.
  server: { host: 'localhost', port: 5173, strictPort: true },
});
