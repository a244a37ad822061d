import { resumeSession } from '@MaiaOS/kernel';
import { createApp } from 'vue';
import App from './App.vue';

const problem = document.querySelector('#problem');
// Why something failed, until the next click. The message of a KernelError is a sentence for people.
addEventListener('unhandledrejection', ({ reason }) => problem?.replaceChildren(reason.message));
addEventListener('click', () => problem?.replaceChildren());

const app = createApp(App);
app.config.throwUnhandledErrorInProduction = true; // So that the line shows it, too.
void resumeSession().finally(() => app.mount('#app'));
