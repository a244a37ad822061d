import { maiaKernel } from '@MaiaOS/kernel/vite';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [maiaKernel()] });
