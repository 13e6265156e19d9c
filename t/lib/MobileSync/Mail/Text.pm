# Names, subjects and prose in several languages for generated mail.
package MobileSync::Mail::Text;
use v5.36;
use utf8;

# Per language: charsets that mail in it comes in, names of people, words.
our %LANGUAGE = (
    english => {
        charsets => ['us-ascii'],
        people => [ 'Anna Smith', 'Bert Jones', 'Carol Miller', 'Dan O\'Brien', 'Smith, Eve' ],
        words => [
            qw(the meeting report about our new office was moved to next week because many
                colleagues are travelling please send your comments before Friday thank you)
        ],
    },
    german => {
        charsets => [qw(iso-8859-1 iso-8859-15 utf-8)],
        people => [ 'Jürgen Müller', 'Änne Größing', 'Özlem Weiß' ],
        words => [
            qw(die Prüfung der Unterlagen für das Büro wäre am Dienstag möglich schöne Grüße
                aus München über die Straße hinaus größer als üblich)
        ],
    },
    french => {
        charsets => [qw(iso-8859-1 utf-8)],
        people => [ 'Hélène Lefèvre', 'François Noël' ],
        words => [
            qw(la réunion a été reportée à jeudi où nous déciderons du café déjà payé ça ira
                après les élèves)
        ],
    },
    polish => {
        charsets => [qw(iso-8859-2 utf-8)],
        people => [ 'Łukasz Żółć', 'Małgorzata Ćwięk' ],
        words => [qw(zażółć gęślą jaźń proszę o odpowiedź na piśmie dziękuję bardzo)],
    },
    russian => {
        charsets => [qw(koi8-r windows-1251 utf-8)],
        people => [ 'Анна Смирнова', 'Борис Кузнецов' ],
        words => [
            qw(пожалуйста пришлите отчёт о встрече до пятницы спасибо за ответ съешь ещё этих
                мягких французских булок)
        ],
    },
    greek => {
        charsets => [qw(iso-8859-7 utf-8)],
        people => [ 'Ελένη Παπαδοπούλου', 'Γιώργος Νικολάου' ],
        words => [qw(η συνάντηση μεταφέρθηκε στην επόμενη εβδομάδα ευχαριστώ πολύ)],
    },
    japanese => {
        charsets => [qw(iso-2022-jp shift_jis euc-jp utf-8)],
        people => [ '山田太郎', '鈴木花子' ],
        words => [qw(会議の資料を 添付します ご確認ください よろしく お願いします 来週の 予定)],
    },
    chinese => {
        charsets => [qw(gb18030 gb2312 utf-8)],
        people => [ '王小明', '李华' ],
        words => [qw(会议 资料 请 查收 附件 下周 时间 安排 谢谢 您的 支持)],
    },
    korean => {
        charsets => [qw(euc-kr utf-8)],
        people => [ '김철수', '이영희' ],
        words => [qw(회의 자료를 첨부합니다 확인 부탁드립니다 감사합니다)],
    },
    emoji => {
        charsets => ['utf-8'],
        people => [ 'Zoë 🦊', 'Bob 👩‍👩‍👧' ],
        words => [ 'party', '🎉', 'tonight', '👍🏽', 'naïve', '𝒻𝒶𝓃𝒸𝓎', '日本', '🇩🇪', 'ok' ],
    },
);

sub languages { return sort keys %LANGUAGE }

sub words ( $random, $language, $count ) {
    return join ' ', map { $random->pick( @{ $LANGUAGE{$language}{words} } ) } 1 .. $count;
}

sub subject ( $random, $language ) {
    return ucfirst words( $random, $language, $random->between( 2, 7 ) );
}

sub person ( $random, $language ) { return $random->pick( @{ $LANGUAGE{$language}{people} } ) }

sub charset ( $random, $language ) { return $random->pick( @{ $LANGUAGE{$language}{charsets} } ) }

# Paragraphs of lines below 76 characters, ended by "\n".
sub prose ( $random, $language, $paragraphs ) {
    my @paragraphs;
    for ( 1 .. $paragraphs ) {
        my @lines = ('');
        for my $word ( split / /, words( $random, $language, $random->between( 10, 60 ) ) ) {
            push @lines, '' if length( $lines[-1] ) + length $word > 70;
            $lines[-1] .= ( length $lines[-1] ? ' ' : '' ) . $word;
        }
        push @paragraphs, join '', map {"$_\n"} @lines;
    }
    return join "\n", @paragraphs;
}

1;
