// SPDX-License-Identifier: GPL-3.0-or-later
// The wallet's answer stands in the fragment, which browsers send to nobody. It is taken out of the
// address before anything else, and posted to this site once.
const code = new URLSearchParams(location.hash.slice(1)).get('response_code');
history.replaceState(null, '', location.pathname);
const form = document.getElementById('return');
form.elements.namedItem('response_code').value = code ?? '';
form.submit();
