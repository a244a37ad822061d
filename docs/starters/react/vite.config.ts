import { maiaKernel } from '@MaiaOS/kernel/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [react(), maiaKernel()] });
