import { mount } from 'svelte';
import { type Invite } from '@MaiaOS/kernel';
import App from './App.svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/page.css';

export function startApp(arrived: Invite | undefined): void {
  mount(App, { target: document.body, props: { arrived } });
}
