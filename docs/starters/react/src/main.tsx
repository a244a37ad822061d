import { resumeSession } from '@MaiaOS/kernel';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';

const problem = document.querySelector('#problem');
// Why something failed, until the next click. The message of a KernelError is a sentence for people.
addEventListener('unhandledrejection', ({ reason }) => problem?.replaceChildren(reason.message));
addEventListener('click', () => problem?.replaceChildren());

void resumeSession().finally(() =>
  createRoot(document.querySelector('#app') ?? document.body).render(
    <StrictMode>
      <App />
    </StrictMode>,
  ),
);
