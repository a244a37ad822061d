import webpack from 'webpack';

export default {
  mode: 'production',
  entry: './index.html',
  // Only for pages that require Trusted Types.
  output: { trustedTypes: true },
  plugins: [
    new webpack.DefinePlugin({
      'globalThis.PUBLIC_API_DOMAIN': JSON.stringify(process.env['PUBLIC_API_DOMAIN']),
    }),
  ],
};
