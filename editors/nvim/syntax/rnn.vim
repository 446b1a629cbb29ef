" .rnn files. The words are compared with the grammar of the language and with its library by a test.
if exists('b:current_syntax')
  finish
endif

syntax keyword rnnLibrary abs attention bidirectional bigru bilinear bilstm binary_tree_lstm birnn by_distance child_sum_tree_lstm
syntax keyword rnnLibrary concat dense dropout embedding exp final first fold gru last log lookup lstm max max_over_time mean
syntax keyword rnnLibrary mean_over_time position_encoding recurrent recurrent_conv recursive recursive_net relu rnn rntn root scan
syntax keyword rnnLibrary shift sigmoid softmax sqrt sum sum_over_time tanh temporal_encoding weighted_sum

syntax keyword rnnDeclaration let param where
syntax keyword rnnControl if then else repeat with
syntax keyword rnnWord and or not
syntax keyword rnnConstant true false none auto

" Keywords only where they stand: elsewhere they are names.
syntax match rnnItem /^\s*\zs\(data\|train\)\ze\s*{/
syntax match rnnItem /^\s*\zs\(model\|layer\|cell\)\ze\s\+\k\+/ nextgroup=rnnDefined skipwhite
syntax match rnnItem /^\s*\zs\(use\)\ze\s*"/
syntax match rnnItem /^\s*\zs\(edition\)\ze\s*=/
syntax match rnnControl /\(repeat\s\+\k\+\s\+\)\@<=\(in\)\>/
syntax match rnnItem /\(->\s*\)\@<=\(next\)\ze\s*(/
syntax match rnnDefined /\k\+/ contained

syntax match rnnNamed /\k\+\ze\s*=\(=\)\@!/
syntax match rnnState /\k\+'/
syntax match rnnSize /\<\u\k*\>/
syntax match rnnNumber /\<\d\(_\?\d\)*\(\.\d\+\)\?\([eE][+-]\?\d\+\)\?\>/
syntax match rnnPipe /|>/
syntax match rnnArrow /->/
syntax region rnnText start=/"/ skip=/\\./ end=/"/ oneline contains=rnnEscape
syntax match rnnEscape /\\["\\nt]/ contained
syntax match rnnComment /\/\/.*/ contains=@Spell
syntax match rnnDocumentation /\/\/\/\/\@!.*/ contains=@Spell

highlight default link rnnLibrary Function
highlight default link rnnDeclaration Keyword
highlight default link rnnControl Conditional
highlight default link rnnWord Operator
highlight default link rnnConstant Constant
highlight default link rnnItem Structure
highlight default link rnnDefined Function
highlight default link rnnNamed Identifier
highlight default link rnnState Identifier
highlight default link rnnSize Type
highlight default link rnnNumber Number
highlight default link rnnPipe Operator
highlight default link rnnArrow Operator
highlight default link rnnText String
highlight default link rnnEscape SpecialChar
highlight default link rnnComment Comment
highlight default link rnnDocumentation SpecialComment

let b:current_syntax = 'rnn'
