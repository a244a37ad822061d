import { maiaKernel } from '@MaiaOS/kernel/vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// What an app in React needs is only the first one. `VITE_BOARD` names the board's module.
export default defineConfig({ plugins: [maiaKernel(), svelte(), vue()] });
