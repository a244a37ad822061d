import { resumeSession } from '@MaiaOS/kernel';
import { mount } from 'svelte';
import App from './App.svelte';

const problem = document.querySelector('#problem');
// Why something failed, until the next click. The message of a KernelError is a sentence for people.
addEventListener('unhandledrejection', ({ reason }) => problem?.replaceChildren(reason.message));
addEventListener('click', () => problem?.replaceChildren());

const target = document.querySelector('#app') ?? document.body;
void resumeSession().finally(() => mount(App, { target }));
