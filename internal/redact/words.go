package redact

import (
	"slices"
	"strings"
)

// The words that keys are made of, folded as by [auditlog.Fold], in the languages that people use Make in: English, German, French,
// Spanish, Portuguese, Italian, Dutch, Polish, Czech, Nordic and a few others in Latin script; other scripts see
// [hasSecretOfOtherScript]. They are switches, not maps, since those cost nothing when the program starts.

// isSecretWord reports whether a word says that what it names is a secret.
func isSecretWord(word string) bool {
	switch word {
	case "password", "passwd", "passphrase", "passcode", "pwd", "pw", "pass", "psw", "pswd", "passw", "pin", "otp", "totp", "hotp",
		"secret", "token",
		"credential", "cred", "authorization", "authorisation", "bearer", "jwt", "cookie", "sid", "sessionid", "sessid", "phpsessid",
		"jsessionid", "idtoken", "apikey", "hapikey", "appkey", "authkey", "sshkey", "pem", "pfx", "p12", "pkcs12", "securityanswer",
		"ppk", "jks", "keystore",
		"kubeconfig", "htpasswd", "pgpass", "netrc", "cvv", "cvc", "csrf", "xsrf", "mnemonic", "assertion", "userinfo",
		"passwort", "passworter", "passwoerter", "kennwort", "kennworter", "kennwoerter", "geheimnis", "geheim", "geheimzahl",
		"losungswort",
		"zugangsdaten", "anmeldedaten",
		"motdepasse", "mdp", "jeton",
		"contrasena", "contrasenia", "contrasenya", "secreto", "secreta", "credencial", "credenciales",
		"senha", "palavrapasse", "segredo", "credenciais",
		"segreto", "segreta", "credenziali", "parolaordine", "gettone",
		"wachtwoord", "wachtwoorden", "inloggegevens", "wachtzin",
		"haslo", "hasla", "sekret", "tajny", "tajna", "tajne", "poswiadczenia",
		"heslo", "hesla", "tajemstvi", "tajomstvo", "pristupoveudaje", "prihlasovaciudaje",
		"losenord", "adgangskode", "kodeord", "passord", "hemlighet", "salasana", "jelszo", "parola", "sifre", "katasandi", "katalaluan",
		"matkhau", "lozinka", "geslo", "slaptazodis", "parool", "pasahitza", "contrasinal", "fjalekalimi", "nenosiri",
		"seedphrase":
		return true
	}
	return false
}

// isDoubtfulWord reports whether a word says that what it names may be a secret, as the value then tells.
func isDoubtfulWord(word string) bool {
	switch word {
	case "auth", "oauth", "session", "salt", "nonce", "seed", "signature", "sig", "hmac", "mfa", "login", "saml", "private",
		"confidential",
		"ticket", "identifiants", "signatur", "firma", "sitzung", "passport":
		return true
	}
	return false
}

// isKeyWord reports whether a word means a key, which is a secret or not by what kind of key it is.
func isKeyWord(word string) bool {
	switch word {
	case "key", "schlussel", "schluessel", "cle", "clef", "clave", "llave", "chave", "chiave", "sleutel", "klucz", "klic", "kluc",
		"nyckel",
		"nokkel", "anahtar", "ключ", "キー", "키":
		return true
	}
	return false
}

// isSecretKind reports whether a key of this kind is a secret: an API key.
func isSecretKind(word string) bool {
	switch word {
	case "api", "db", "smtp", "imap", "mail", "ftp", "sftp", "sql", "mysql", "pg", "my", "ldap", "proxy", "http", "wifi", "redis", "aws",
		"bot", "access", "private", "signing", "sign", "ssh", "consumer", "customer", "master", "shared", "encryption", "encrypt",
		"decryption",
		"account", "subscription", "license", "licence", "storage", "service", "symmetric", "host", "deploy", "client", "app",
		"application", "integration", "webhook", "write", "read", "admin", "root", "security", "recovery", "activation", "rsa", "ec",
		"ecdsa",
		"ed25519", "dsa", "aes", "pgp", "gpg", "tls", "ssl", "vpn", "wireguard", "server", "device", "session", "auth", "hmac",
		"signature",
		"material", "data", "content", "value", "pair", "file", "pem", "body", "raw", "bytes", "plaintext",
		"privee", "prive", "privada", "privado", "privata", "prywatny", "soukromy", "privater", "acces", "acceso", "acesso", "accesso",
		"zugriff", "zugriffs", "zugang", "zugangs", "toegang", "toegangs", "dostepu", "pristupovy":
		return true
	}
	return false
}

// isPlainKind reports whether a key of this kind is no secret: a primary key.
func isPlainKind(word string) bool {
	switch word {
	case "public", "publishable", "primary", "foreign", "partition", "sort", "row", "cache", "idempotency", "object", "record",
		"translation",
		"i18n", "item", "index", "natural", "unique", "composite", "group", "issue", "project", "lookup", "map", "dedupe", "dedup",
		"deduplication", "order", "config", "setting", "column", "property", "parent", "hot", "short", "shortcut", "sheet", "external",
		"mapping", "join", "range", "message", "metadata", "json", "label", "feature", "flag", "board", "epic", "path", "arrow",
		"answer", "store", "page", "entry", "event", "template", "locale", "palabra",
		"primaire", "publique", "etrangere", "primaria", "publica", "pubblica", "primarni", "verejny", "publiczny", "glowny", "primarer",
		"offentlicher", "openbare", "oeffentlicher", "primar", "primare":
		return true
	}
	return false
}

// isSecretCode reports whether a code of this kind is a secret: a recovery code.
func isSecretCode(word string) bool {
	switch word {
	case "auth", "oauth", "authorization", "verification", "verify", "backup", "recovery", "confirmation", "invitation", "invite",
		"reset", "verifier",
		"2fa", "tfa", "mfa", "sms", "onetime", "scratch", "pairing", "unlock", "puk", "rescue", "emergency", "activation", "access",
		"security", "login", "device", "seed",
		"zugang", "zugangs", "zugriffs", "sicherheits", "bestatigungs", "wiederherstellungs", "toegangs", "acceso", "acces", "seguridad",
		"secours", "accesso", "sicurezza":
		return true
	}
	return false
}

// isCodeWord reports whether a word means a code, which mostly is no secret.
func isCodeWord(word string) bool {
	switch word {
	case "code", "kod", "codigo", "codice", "kode", "phrase":
		return true
	}
	return false
}

// isHarmless reports whether a word at the end of a key says that the value is something about a secret, such as its name or type.
func isHarmless(word string) bool {
	switch word {
	case "name", "type", "kind", "count", "number", "at", "on", "by", "date", "time", "timestamp", "policy", "label", "title",
		"description",
		"desc", "length", "len", "size", "limit", "max", "min", "expiry", "expire", "expiration", "ttl", "age", "lifetime", "duration",
		"status", "state", "enabled", "disabled", "required", "exist", "valid", "url", "uri", "link", "endpoint", "domain", "region",
		"zone",
		"scope", "permission", "role", "owner", "user", "username", "email", "author", "provider", "issuer", "audience", "algorithm",
		"alg",
		"format", "field", "strength", "complexity", "rotation", "interval", "frequency", "request", "reset", "change", "changed",
		"updated",
		"created", "creation", "deleted", "added", "removed", "revoked", "rotated", "expired", "used", "usage", "use", "quota", "budget",
		"cost", "price", "position", "color", "colour", "icon", "placeholder", "source", "mode", "method", "location", "purpose", "plan",
		"level", "category", "team", "organization", "organisation", "schema", "manager", "provided", "visible", "visibility", "hidden",
		"protected", "protection", "consent", "banner", "requirement", "rule", "comment", "reason", "action", "event", "attempt",
		"failure", "error", "warning", "flow", "step", "option", "authority", "less", "free", "only", "based", "in", "verified",
		"holder", "group", "tag", "language", "locale", "timeout", "retry", "version", "management", "app", "model", "device", "per",
		"client", "host", "hostname", "port", "environment", "prefix", "store", "folder",
		"fields", "settings", "stats", "support", "supported", "allowed", "present", "ip", "agent", "reference", "rate", "ratio",
		"percent", "score", "through", "bucket", "symbol", "decimals", "standard", "address",
		"path", "filepath", "dir", "directory", "last4", "engine", "file", "id", "ids", "uuid", "guid", "gid", "arn", "urn", "ref",
		"slug",
		"fingerprint", "thumbprint", "revision", "cursor", "filename", "serial", "anderung", "aenderung", "ubersicht",
		"typ", "art", "anzahl", "richtlinie", "lange", "laenge", "datum", "ablauf", "am", "kennung", "bezeichnung", "beschreibung",
		"frist",
		"nom", "libelle", "longueur", "politique", "nombre", "tipo", "longitud", "politica", "fecha", "numero", "nome", "lunghezza",
		"naam", "soort", "aantal", "beleid", "lengte", "nazwa", "rodzaj", "liczba", "nazev", "jmeno", "pocet", "zasady", "popis", "delka",
		"benutzer", "benutzername", "nutzer", "utilisateur", "usuario", "utente", "gebruiker", "uzytkownik", "uzivatel":
		return true
	}
	return false
}

// isListed reports whether a key ends with what there may be several of about one secret, such as an API key's scopes.
func isListed(words []string) bool {
	if len(words) == 0 {
		return false
	}
	switch singular(words[len(words)-1]) {
	case "scope", "permission", "role", "tag", "label", "type", "team", "group", "owner", "domain":
		return true
	}
	return false
}

// isIdentifier reports whether a word at the end of a key says that the value is an id or a hash, which look as random as secrets.
func isIdentifier(word string) bool {
	switch word {
	case "id", "ids", "uuid", "guid", "ulid", "gid", "cid", "arn", "urn", "ref", "slug", "hash", "sha", "sha1", "sha256", "sha512", "md5",
		"checksum", "digest", "etag", "commit", "revision", "rev", "fingerprint", "thumbprint", "cursor", "version", "blob", "tree",
		"image",
		"filename", "file", "serial":
		return true
	}
	return false
}

// isValueWord reports whether a word names nothing by itself: the value of what is named elsewhere, or one side of its change.
func isValueWord(word string) bool {
	switch word {
	case "value", "val", "v", "data", "content", "body", "payload", "raw", "plain", "plaintext", "text", "material", "default", "input",
		"is",
		"was", "now", "set", "parameter", "param", "wert", "valeur", "valor", "valore", "waarde", "wartosc", "hodnota", "varde":
		return true
	}
	return isFiller(word)
}

// isFiller reports whether a word says only which of several: the old password, the new one.
func isFiller(word string) bool {
	switch word {
	case "old", "new", "previous", "prev", "current", "before", "after", "from", "to", "original", "orig", "updated", "latest", "initial",
		"final":
		return true
	}
	return false
}

// isCountWord reports whether a word beside the plural of token says that they are those of a language model.
func isCountWord(word string) bool {
	switch word {
	case "max", "min", "total", "prompt", "completion", "input", "output", "used", "usage", "limit", "remaining", "cached", "reasoning",
		"num",
		"number", "count", "budget", "thinking", "context", "consumed", "available", "bonus":
		return true
	}
	return false
}

// isLeading reports whether a word in front says that a key is harmless: those of languages in which the head comes first, and those of
// counts and conditions.
func isLeading(word string) bool {
	switch word {
	case "has", "is", "max", "min", "num", "total", "count", "number", "require", "requires", "allow", "enable", "show", "hide", "should",
		"nom", "libelle", "nombre", "nome", "tipo", "numero", "fecha", "data", "date", "nazwa", "rodzaj", "liczba", "nazev", "typ",
		"pocet",
		"naam", "aantal", "soort", "longueur", "longitud", "duree", "politique", "politica":
		return true
	}
	return false
}

// joinPhrases makes one word of words that mean a secret only together.
func joinPhrases(words string) string {
	for _, phrase := range []string{
		"mot de passe", "session id", "sess id", "id token", "palavra passe", "parola ordine", "seed phrase", "pass phrase", "one time",
		"pass word", "pass code", "pristupove udaje", "prihlasovaci udaje", "security answer", "user info", "contra sena",
		"mat khau", "kata sandi", "kata laluan", "رمز عبور", "پاس ورڈ",
	} {
		if strings.Contains(words, phrase) {
			words = strings.ReplaceAll(words, phrase, strings.ReplaceAll(phrase, " ", ""))
		}
	}
	return words
}

// hasSecretOfOtherScript reports whether a folded word in another script than Latin has one of a secret, which may be written together with
// others, and none that says it is only about one.
func hasSecretOfOtherScript(word string) bool {
	const secrets = "パスワード パスフレーズ 暗証番号 シークレット 秘密 トークン 認証情報 apiキー アクセスキー 鍵 クッキー 合言葉 暗号 密码 密碼 口令 密钥 密鑰 令牌 凭证 " +
		"憑證 私钥 權杖 비밀번호 암호 토큰 비밀 пароль пароля пароли секрет токен المرور السر " +
		"رمزعبور گذرواژه پاسورڈ סיסמה पासवर्ड পাসওয়ার্ড கடவுச்சொல் รหัสผ่าน κωδικοσ συνθηματικο парола лозинка құпия გასაღები პაროლი գաղտնաբառ lykilorð"
	const about = "ポリシー 名 種類 期限 有効 数 長 策略 类型 類型 长度 时间 이름 정책 유형"
	has := func(part string) bool { return strings.Contains(word, part) }
	return !isASCII(word) && slices.ContainsFunc(strings.Fields(secrets), has) && !slices.ContainsFunc(strings.Fields(about), has)
}
