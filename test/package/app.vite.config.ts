import { maiaKernel } from '@MaiaOS/kernel/vite';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [maiaKernel({ relay: { port: Number(process.env['RELAY_PORT']), storage: 'memory:' } })],
  server: { host: 'localhost', port: Number(process.env['APP_PORT']), strictPort: true },
});
