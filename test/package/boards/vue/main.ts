import { createApp } from 'vue';
import App from './App.vue';

const app = createApp(App);
app.config.errorHandler = (error) => alert((error as Error).message); // Vue catches what handlers of events throw.
app.mount('main');
