<?php
/**
 * Writes wordpress/ticket-metadata/languages/ticket-metadata.pot, the texts that translators translate, from the
 * plugin's code: `npm run pot`. With --check it writes nothing, and fails where the file is not what it would write.
 * Another directory than the plugin's may be given. Needs nothing but PHP.
 *
 * Files are named without lines, so that only a change of a text changes the file.
 */

const DOMAIN = 'ticket-metadata';

/** What each argument of a function of WordPress is; the domain is the last. */
const FUNCTIONS = [
	'__'         => [ 'text' ],
	'_e'         => [ 'text' ],
	'esc_html__' => [ 'text' ],
	'esc_html_e' => [ 'text' ],
	'esc_attr__' => [ 'text' ],
	'esc_attr_e' => [ 'text' ],
	'_x'         => [ 'text', 'context' ],
	'_ex'        => [ 'text', 'context' ],
	'esc_html_x' => [ 'text', 'context' ],
	'esc_attr_x' => [ 'text', 'context' ],
	'_n'         => [ 'text', 'plural', 'number' ],
	'_nx'        => [ 'text', 'plural', 'number', 'context' ],
];

const HEADERS = [ 'Plugin Name', 'Description' ];

/** A place for a value, but not a percent sign. */
const PLACEHOLDER = '/%(?!%)(\d+\$)?[-+ 0]*\d*(\.\d+)?[bcdeEfFgGosuxX]/';

/** The tokens that mean something, each with the comment for translators in front of it on this line or the one before. */
function tokens( string $code ): array {
	$tokens  = [];
	$comment = [ 0, '' ];
	$line    = 1;
	foreach ( token_get_all( $code ) as $token ) {
		// A bracket, comma or other sign of its own is a text alone, on the line where the one before it ended.
		[ $id, $text, $begin ] = is_array( $token ) ? $token : [ 0, $token, $line ];
		$line                  = $begin + substr_count( $text, "\n" );
		$isComment             = in_array( $id, [ T_COMMENT, T_DOC_COMMENT ], true );
		if ( $isComment && strpos( $text, 'translators:' ) !== false ) {
			$comment = [ $line, trim( preg_replace( '/\s+/', ' ', trim( $text, "/* \n\t" ) ) ) ];
		}
		if ( ! $isComment && $id !== T_WHITESPACE ) {
			$tokens[] = [
				'id'      => $id,
				'text'    => $text,
				'line'    => $begin,
				'comment' => $begin - $comment[0] <= 1 ? $comment[1] : '',
			];
		}
	}
	return $tokens;
}

/** The arguments of a call whose bracket opens here: each a list of tokens. */
function arguments( array $tokens, int $open ): array {
	$arguments = [ [] ];
	$depth     = 0;
	for ( $i = $open; $i < count( $tokens ); $i++ ) {
		$text = $tokens[ $i ]['text'];
		if ( in_array( $text, [ ')', ']', '}' ], true ) && --$depth === 0 ) {
			return array_filter( $arguments );
		}
		if ( $text === ',' && $depth === 1 ) {
			$arguments[] = [];
		} elseif ( $depth > 0 ) {
			$arguments[ count( $arguments ) - 1 ][] = $tokens[ $i ];
		}
		if ( in_array( $text, [ '(', '[', '{' ], true ) ) {
			++$depth;
		}
	}
	throw new RuntimeException( 'a bracket is not closed' );
}

/** The value of an argument that is a text and nothing else, since translators get it as it stands. */
function literal( array $argument ): string {
	if ( count( $argument ) !== 1 || $argument[0]['id'] !== T_CONSTANT_ENCAPSED_STRING ) {
		throw new RuntimeException( 'a text is not written out: ' . implode( ' ', array_column( $argument, 'text' ) ) );
	}
	$quoted = $argument[0]['text'];
	$inside = substr( $quoted, 1, -1 );
	return $quoted[0] === '"' ? stripcslashes( $inside ) : strtr( $inside, [ '\\\\' => '\\', "\\'" => "'" ] );
}

/** The texts of a file, in their order: each text, plural, context, comment. */
function texts( string $code ): array {
	$tokens = tokens( $code );
	$texts  = [];
	foreach ( $tokens as $i => $token ) {
		$kinds    = FUNCTIONS[ $token['text'] ] ?? null;
		$isCall   = $token['id'] === T_STRING && ( $tokens[ $i + 1 ]['text'] ?? '' ) === '(';
		$isMethod = in_array( $tokens[ $i - 1 ]['id'] ?? 0, [ T_FUNCTION, T_OBJECT_OPERATOR, T_DOUBLE_COLON, T_NEW ], true );
		if ( $kinds === null || ! $isCall || $isMethod ) {
			continue;
		}
		$arguments = arguments( $tokens, $i + 1 );
		if ( count( $arguments ) !== count( $kinds ) + 1 || literal( end( $arguments ) ) !== DOMAIN ) {
			throw new RuntimeException( "line {$token['line']}: {$token['text']}() is not given the domain " . DOMAIN );
		}
		$text = [ 'plural' => '', 'context' => '', 'comment' => '' ];
		foreach ( $kinds as $place => $kind ) {
			$text[ $kind ] = $kind === 'number' ? '' : literal( $arguments[ $place ] );
		}
		if ( preg_match( PLACEHOLDER, $text['text'] . $text['plural'] ) === 1 ) {
			if ( $token['comment'] === '' ) {
				throw new RuntimeException( "line {$token['line']}: translators are not told what the places in \"{$text['text']}\" are for" );
			}
			$text['comment'] = $token['comment'];
		}
		$texts[] = $text;
	}
	return $texts;
}

/** What the list of plugins shows. */
function header_texts( string $code ): array {
	$texts = [];
	foreach ( HEADERS as $name ) {
		if ( preg_match( '/^ \* ' . $name . ':\s*(.+)$/m', $code, $found ) === 1 ) {
			$texts[] = [ 'text' => $found[1], 'plural' => '', 'context' => '', 'comment' => "$name of the plugin" ];
		}
	}
	return $texts;
}

/** @return string[] the plugin's PHP files, in the order of their names */
function files( string $directory ): array {
	$files = [];
	foreach ( new RecursiveIteratorIterator( new RecursiveDirectoryIterator( $directory, FilesystemIterator::SKIP_DOTS ) ) as $file ) {
		if ( $file->getExtension() === 'php' ) {
			$files[] = str_replace( '\\', '/', substr( $file->getPathname(), strlen( $directory ) + 1 ) );
		}
	}
	sort( $files, SORT_STRING );
	return $files;
}

function quoted( string $text ): string {
	return '"' . addcslashes( $text, "\"\\\n\t" ) . '"';
}

function entry( array $text ): string {
	$lines = [];
	foreach ( array_unique( array_filter( $text['comments'] ) ) as $comment ) {
		$lines[] = "#. $comment";
	}
	$lines[] = '#: ' . implode( ' ', array_unique( $text['files'] ) );
	if ( preg_match( PLACEHOLDER, $text['text'] . $text['plural'] ) === 1 ) {
		$lines[] = '#, php-format';
	}
	if ( $text['context'] !== '' ) {
		$lines[] = 'msgctxt ' . quoted( $text['context'] );
	}
	$lines[] = 'msgid ' . quoted( $text['text'] );
	if ( $text['plural'] === '' ) {
		$lines[] = 'msgstr ""';
	} else {
		$lines[] = 'msgid_plural ' . quoted( $text['plural'] );
		$lines[] = 'msgstr[0] ""';
		$lines[] = 'msgstr[1] ""';
	}
	return implode( "\n", $lines ) . "\n";
}

function template( string $directory ): string {
	$entries = [];
	foreach ( files( $directory ) as $file ) {
		$code = file_get_contents( "$directory/$file" );
		try {
			$texts = array_merge( $file === DOMAIN . '.php' ? header_texts( $code ) : [], texts( $code ) );
		} catch ( RuntimeException $error ) {
			throw new RuntimeException( "$file: " . $error->getMessage() );
		}
		foreach ( $texts as $text ) {
			// A text with a plural and the same without are one entry for gettext.
			$key                           = $text['context'] . "\4" . $text['text'];
			$entries[ $key ]               = ( $entries[ $key ] ?? [] ) + $text + [ 'files' => [], 'comments' => [] ];
			$entries[ $key ]['plural']     = $entries[ $key ]['plural'] ?: $text['plural'];
			$entries[ $key ]['files'][]    = $file;
			$entries[ $key ]['comments'][] = $text['comment'];
		}
	}
	$head = [
		'# The texts of the plugin Ticket Metadata. Written by npm run pot.',
		'msgid ""',
		'msgstr ""',
		'"Project-Id-Version: Ticket Metadata\n"',
		'"MIME-Version: 1.0\n"',
		'"Content-Type: text/plain; charset=UTF-8\n"',
		'"Content-Transfer-Encoding: 8bit\n"',
		'"Plural-Forms: nplurals=2; plural=(n != 1);\n"',
		'"X-Domain: ' . DOMAIN . '\n"',
	];
	return implode( "\n", $head ) . "\n\n" . implode( "\n", array_map( 'entry', $entries ) );
}

$given     = array_slice( $argv, 1 );
$directory = array_values( array_diff( $given, [ '--check' ] ) )[0] ?? dirname( __DIR__ ) . '/wordpress/ticket-metadata';
$file      = "$directory/languages/" . DOMAIN . '.pot';
try {
	$template = template( rtrim( $directory, '/' ) );
} catch ( RuntimeException $error ) {
	fwrite( STDERR, $error->getMessage() . "\n" );
	exit( 1 );
}
if ( ! in_array( '--check', $given, true ) ) {
	file_put_contents( $file, $template );
} elseif ( ! is_file( $file ) || file_get_contents( $file ) !== $template ) {
	fwrite( STDERR, "$file is not what the texts are: npm run pot\n" );
	exit( 1 );
}
