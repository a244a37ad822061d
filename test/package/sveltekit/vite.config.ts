import { maiaKernel } from '@MaiaOS/kernel/vite';
import adapter from '@sveltejs/adapter-node';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

const relay = { port: Number(process.env['RELAY_PORT']), storage: 'memory:' };

export default defineConfig({ plugins: [sveltekit({ adapter: adapter() }), maiaKernel({ relay })] });
