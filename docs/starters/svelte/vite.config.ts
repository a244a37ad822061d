import { maiaKernel } from '@MaiaOS/kernel/vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [svelte(), maiaKernel()] });
