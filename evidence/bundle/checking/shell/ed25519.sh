# The rule for Ed25519 (docs/formats/keys.md), of which openssl asks the equation alone.
may_hold() { # KEY-HEX SIGNATURE-HEX: key and R canonical and not of small order, S < L
  printf '%s\n' "$1 $2" | awk '
    function back(hex,  n, out) { for (n = length(hex) - 1; n > 0; n -= 2) out = out substr(hex, n, 2); return out }
    function y(point,  at) { point = back(point); at = index("89abcdef", substr(point, 1, 1)); return at ? (at - 1) substr(point, 2) : point }
    function large(point) { return (point "") < p && !(point in small) }
    BEGIN {
      p = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"
      l = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"
      small["0000000000000000000000000000000000000000000000000000000000000000"]
      small["0000000000000000000000000000000000000000000000000000000000000001"]
      small["7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec"]
      small["05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826"]
      small["7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7"]
    }
    { exit !(length($1) == 64 && length($2) == 128 && large(y($1)) && large(y(substr($2, 1, 64))) && (back(substr($2, 65)) "") < l) }'
}
prime_order() { # KEY-HEX: 0 when its order is L: a ladder (RFC 7748, section 5) over numbers of 12 limbs of 22 bits; a key is judged once
  [ ! -f "$WORK/order.$1" ] || return "$(cat "$WORK/order.$1")"
  awk -v key="$1" '
    function carry(t, n,  i, c) {
      for (i = 0; i < n; i++) { c = int(t[i] / B); if (t[i] < c * B) c--; t[i] -= c * B; t[i + 1] += c }
    }
    function mul(out, a, b,  i, j, t) {
      for (i = 0; i < 25; i++) t[i] = 0
      for (i = 0; i < 12; i++) for (j = 0; j < 12; j++) t[i + j] += a[i] * b[j]
      carry(t, 24); fold(out, t)
    }
    function fold(out, t,  i, k) {                                  # 2^264 is 9728
      for (k = 0; k < 2; k++) {
        for (i = 12; i < 25; i++) { t[i - 12] += t[i] * 9728; t[i] = 0 }
        carry(t, 12)
      }
      t[0] += t[12] * 9728; t[12] = 0
      for (i = 0; i < 12; i++) out[i] = t[i]
    }
    function add(out, a, b, times,  i) { for (i = 0; i < 12; i++) out[i] = a[i] + times * b[i] }
    function zero(a,  i, c, k, low) {                               # a number below 2^265 is 0 modulo p
      for (k = 0; k < 3; k++) {
        carry(a, 12); c = int(a[11] / 8192); a[11] -= c * 8192; a[0] += c * 19 + a[12] * 9728; a[12] = 0
      }
      low = 1; for (i = 1; i < 11; i++) if (a[i] != B - 1) low = 0
      for (i = 0; i < 12 && a[i] == 0; i++);
      return i == 12 || (low && a[11] == 8191 && a[0] == B - 19)
    }
    BEGIN {
      B = 4194304; hex = "0123456789abcdef"
      for (i = 0; i < 64; i += 2) {                                 # y, from the low bits
        byte = 16 * (index(hex, substr(key, i + 1, 1)) - 1) + index(hex, substr(key, i + 2, 1)) - 1
        if (i == 62) byte %= 128
        for (bit = 0; bit < 8; bit++) { at = 4 * i + bit; y[int(at / 22)] += (int(byte / 2 ^ bit) % 2) * 2 ^ (at % 22) }
      }
      for (i = 0; i < 12; i++) { one[i] = i == 0; x2[i] = one[i]; z2[i] = 0; y[i] += 0 }
      add(x1, one, y, 1); add(z1, one, y, -1); add(x3, x1, z2, 1); add(z3, z1, z2, 1)
      l = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"
      for (n = 3; n < 256; n++) {
        bit = int((index(hex, substr(l, int(n / 4) + 1, 1)) - 1) / 2 ^ (3 - n % 4)) % 2
        if (bit) { add(a, x3, z3, 1); add(b, x3, z3, -1); add(c, x2, z2, 1); add(d, x2, z2, -1) }
        else { add(a, x2, z2, 1); add(b, x2, z2, -1); add(c, x3, z3, 1); add(d, x3, z3, -1) }
        mul(aa, a, a); mul(bb, b, b); add(e, aa, bb, -1); mul(da, d, a); mul(cb, c, b)
        add(f, da, cb, 1); mul(f, f, f); add(g, da, cb, -1); mul(g, g, g)
        add(h, aa, e, 121665); carry(h, 12); h[0] += h[12] * 9728; h[12] = 0
        if (bit) { mul(x2, z1, f); mul(z2, x1, g); mul(x3, aa, bb); mul(z3, e, h) }
        else { mul(x3, z1, f); mul(z3, x1, g); mul(x2, aa, bb); mul(z2, e, h) }
      }
      exit !zero(z2)
    }'
  echo $? > "$WORK/order.$1"; return "$(cat "$WORK/order.$1")"
}
